import { expect } from 'vitest';
import type { Host } from '../host.ts';
import {
  bytesOf,
  difference,
  forwardPolicies,
  isBuiltinChain,
  isRule,
  keyOf,
  linesOf,
  type Line,
  type Saves,
} from './rules.ts';
import type { Town } from './town.ts';

/** What `check --json` says of one loss. */
interface Finding {
  readonly kind: string;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly rule?: string;
}

const isContent = (line: Line) => line.chain === 'DOCKER-USER' && isRule(line);
/** Rules and user chains of a save. */
export const ownLines = (saves: Saves) => linesOf(saves).filter((line) => !isBuiltinChain(line));

/** The lines of a save that are not Docker's; a user's content of DOCKER-USER is among them. */
const foreignIn = ({ dockers }: Town, saves: Saves) => difference(ownLines(saves), dockers);

/** Lines as a multiset that compares. */
export const sorted = (lines: readonly Line[]) => lines.map(keyOf).sort();

/**
 * Runs `check` and holds what it names against what the damage really took.
 * @param damaged the rules after the damage
 */
export async function expectNamed(host: Host, town: Town, damaged: Saves): Promise<void> {
  const lost = difference(town.dockers, linesOf(damaged));
  const { stdout } = await host.run(['check', '--json'], 1);
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  const named = (kind: string) =>
    findings
      .filter((finding) => finding.kind === kind)
      .map(({ family, table, chain, rule = `:${chain} -` }) => `${family} ${table} ${rule}`)
      .sort();
  expect(named('missing')).toEqual(sorted(lost.filter(isRule)));
  expect(named('chain-missing')).toEqual(sorted(lost.filter((line) => !isRule(line))));
  const told = (await host.run(['check', '--all'], 1)).stdout.split('\n').map((line) => line.trim());
  for (const { text, chain } of lost.filter(isRule))
    expect(told).toContain(text.slice(`-A ${chain} `.length));
}

/**
 * Holds the rules after a repair against those after the damage: Docker's all there, once and where they
 * stood; everyone else's as the damage left them, to the byte; nothing else.
 */
export function expectRepaired(town: Town, damaged: Saves, repaired: Saves): void {
  const content = foreignIn(town, town.golden).filter(isContent);
  const left = foreignIn(town, damaged).filter((line) => !isContent(line));
  expect(sorted(ownLines(repaired))).toEqual(sorted([...town.dockers, ...content, ...left]));
  expect(sharedOrder(repaired, town.golden)).toEqual(sharedOrder(town.golden, repaired));
  expectUntouched(town, damaged, repaired);
}

/** Everyone else's rules stand as they stood, counters included; packets of the kernel's own pass only in IPv6. */
function expectUntouched(town: Town, before: Saves, after: Saves): void {
  const others = (saves: Saves) =>
    foreignIn(town, saves)
      .filter((line) => !isContent(line))
      .map((line) => (line.family === 'ipv4' ? bytesOf(line) : keyOf(line)));
  expect(others(after)).toEqual(others(before));
}

/** The rules of `saves` that `other` has too, in order: Docker's among themselves and among their neighbours. */
function sharedOrder(saves: Saves, other: Saves): readonly string[] {
  const known = new Set(ownLines(other).map(keyOf));
  return linesOf(saves)
    .filter(isRule)
    .map(keyOf)
    .filter((key) => known.has(key));
}

/** All lines but the time they were printed at, counters left out. */
export const textOf = (saves: Saves): readonly string[] => linesOf(saves).map(keyOf);

/** Whether the damage changed a policy of FORWARD, which only `--policies` puts back. */
export const policyLost = ({ golden }: Town, damaged: Saves): boolean =>
  forwardPolicies(golden).join() !== forwardPolicies(damaged).join();
