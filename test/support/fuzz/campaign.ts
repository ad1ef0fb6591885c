import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT } from '../cli.ts';
import { dice, type Dice } from '../busy/dice.ts';

/** What became of one input: it was used, or turned away with a fault in words. */
export type Verdict = 'past' | 'refused';

/** One kind of input, and what must hold for each. */
export interface Target {
  readonly name: string;
  /** Makes the input of these dice and judges what becomes of it. Whatever it throws is a finding. */
  readonly run: (dice: Dice) => Verdict | Promise<Verdict>;
  /** What takes longer is a hang, in milliseconds: other programs take the processor too. */
  readonly patience?: number;
}

/** What a campaign came to. */
export interface Tally {
  readonly inputs: number;
  readonly past: number;
  readonly slowestMs: number;
  /** By what they say, each with the seed of the first input that shows it. */
  readonly findings: Readonly<Record<string, string>>;
}

/** Seconds for each kind of input: 2 in CI; `RULESGUARD_FUZZ_SECONDS=900` for a campaign. */
export const SECONDS = Number(process.env['RULESGUARD_FUZZ_SECONDS'] ?? 2);
/** The first seed; the n-th input has the n-th seed after it, so that one input can be had again by its seed alone. */
const SEED = Number(process.env['RULESGUARD_FUZZ_SEED'] ?? 20_261_130);
const PATIENCE = 30_000;
const KEPT = 40;

/** Runs a target until the time is over, or as many inputs as the time would hold on a usual machine. Writes the figures. */
export async function campaign({ name, run, patience = PATIENCE }: Target): Promise<Tally> {
  const end = performance.now() + SECONDS * 1000;
  const findings: Record<string, string> = {};
  const note = (what: string, seed: number, example = ''): void => {
    if (Object.keys(findings).length < KEPT)
      findings[what] ??= `seed ${String(seed)}${example === '' ? '' : `: ${example}`}`;
  };
  let [inputs, past, slowestMs] = [0, 0, 0];
  while (performance.now() < end) {
    const seed = SEED + inputs++;
    const began = performance.now();
    try {
      if ((await run(dice(seed))) === 'past') past++;
    } catch (error) {
      note(told(error), seed, exampleIn(error));
    }
    const took = performance.now() - began;
    if (took > patience) note(`took ${String(Math.round(took / 1000))} s`, seed);
    slowestMs = Math.max(slowestMs, Math.round(took));
  }
  const tally = { inputs, past, slowestMs, findings };
  const folder = path.join(PROJECT, 'test-results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, `fuzz-${name}.json`),
    `${JSON.stringify({ name, seconds: SECONDS, ...tally }, undefined, 1)}\n`,
  );
  return tally;
}

/** A finding in one line: what was thrown, and where in our sources. Further lines of a message are an example of it. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first = ''] = error.message.split('\n');
  const frames = error.stack?.split('\n    at ').slice(1).join('\n') ?? '';
  const where = /(\/(?:src|test)\/[^\s)]+)/.exec(frames)?.[1];
  return `${error.name}: ${first.slice(0, 300)} (${where ?? 'nowhere'})`;
}

const exampleIn = (error: unknown): string =>
  error instanceof Error ? error.message.split('\n').slice(1).join(' ').slice(0, 400) : '';
