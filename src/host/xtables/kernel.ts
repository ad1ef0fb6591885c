import { toolName } from '../../firewall/iptables/text/tools.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../fault.ts';
import { isContentRead } from '../../firewall/iptables/desired/recordable.ts';
import type { Family } from '../../net/family.ts';
import { decidesAnything, type Variant } from '../../firewall/iptables/text/model.ts';
import { chooseVariant } from '../../firewall/iptables/ownership/choose-variant.ts';
import { run, type Runner } from '../command/command.ts';
import { hasLegacyTables } from './legacy-tables.ts';
import { holdAgainstKernel, type Depth } from './held-rules.ts';
import { linesOf, readSaved } from './saved.ts';

export { readSaved, saveCommand, saveText, toolVersion } from './saved.ts';

/** How often a save and nft's listing are read again when the rules changed in between, and the pause, in milliseconds. */
const TRIES = 6;
/** How often while DOCKER-USER is what changes: otherwise the user's own rules could be neither recorded nor restored. */
const CONTENT_TRIES = 30;
const PAUSE = 40;

/**
 * Reads both families in one variant, with counters. Rules that a save of nft's prints only in part are marked
 * ({@link import('../../firewall/iptables/text/model.ts').Rule.printed}).
 *
 * @param depth - for which chains that is checked
 * @throws Fault when a tool is missing or fails, or its output cannot be read safely: never "no rules" for "could not look"
 */
export async function readVariant(variant: Variant, depth: Depth = 'dockers'): Promise<Live> {
  for (let tries = 1; ; tries++) {
    const saved = await readSaved(variant);
    if (variant === 'legacy') return saved;
    const live = { ...saved, ...(await holdAgainstKernel(saved.rules, depth)) };
    if (live.moving === undefined || tries >= (isContentRead(live) ? TRIES : CONTENT_TRIES)) return live;
    await sleep(PAUSE);
  }
}

/**
 * The rules of the other variant, where any decides about packets: both are in force at once. Loads no module.
 *
 * @param variant - the one that has been read
 */
export async function readOther(variant: Variant): Promise<Live | undefined> {
  if (variant === 'nft' && !(await hasLegacyTables())) return undefined;
  const other = await readVariant(variant === 'nft' ? 'legacy' : 'nft');
  return decidesAnything(other.rules) ? other : undefined;
}

/** The variant of plain `iptables`, which dockerd runs: where it writes when none of its rules are left. */
export async function usualVariant(): Promise<Variant> {
  const { stdout } = await run(['iptables', '--version']);
  return stdout.includes('(nf_tables)') ? 'nft' : 'legacy';
}

/**
 * A reading in progress: returns the live rules in the variant Docker uses. Call it once.
 *
 * @param recorded - the variant of the baseline, for when no rule of Docker's is left
 * @throws Fault RG_VARIANTS_SPLIT when Docker's rules are in both variants, or not in the one recorded
 */
export type ReadRules = (recorded?: Variant) => Promise<Live>;

/** What both variants hold. */
export interface Variants {
  readonly nft: Live;
  /** Undefined where it holds no table: it is then not read, because reading would load its modules. */
  readonly legacy: Live | undefined;
}

/** Reads both variants, every chain compared with the kernel's. @throws Fault as {@link readVariant} */
export async function readVariants(): Promise<Variants> {
  const [nft, legacy] = await Promise.all([
    readVariant('nft', 'all'),
    hasLegacyTables().then((holds) => (holds ? readVariant('legacy') : undefined)),
  ]);
  return { nft, legacy };
}

/**
 * Starts to read the live rules, so that the tools run while the baseline is loaded. The nft variant is always read;
 * whether the other one must be is known later.
 */
export function beginReading(): ReadRules {
  const nft = readVariant('nft');
  const legacyTables = hasLegacyTables();
  // A fault is thrown when the rules are asked for; if the baseline is unusable, they never are.
  nft.catch(() => undefined);
  legacyTables.catch(() => undefined);
  return async (recorded) => {
    if (!(await legacyTables) && recorded !== 'legacy') return nft;
    return chooseVariant(
      await nft,
      await readVariant('legacy'),
      recorded,
      recorded ?? (await usualVariant()),
    );
  };
}

/** The outcome of a restore. A refusal is a value: the caller may read and plan again. */
export type RestoreOutcome =
  | { readonly applied: true }
  | {
      readonly applied: false;
      readonly message: string;
      /** Line of the input the tool blames, from 1. */
      readonly line?: number;
    };

/**
 * The command line that applies a restore input.
 *
 * @param waitSeconds - how long to wait for the xtables lock. Two words: 1.8.9 refuses `-w1`. The nft variant has no lock.
 */
export function restoreCommand(
  family: Family,
  variant: Variant,
  waitSeconds: number,
): readonly [string, ...string[]] {
  return [toolName(family, variant, 'restore'), '--noflush', '--counters', '-w', String(waitSeconds)];
}

/**
 * Applies a restore input to the kernel: table by table, each whole or not at all.
 *
 * @param runner - runs {@link restoreCommand}
 * @throws Fault RG_BUSY (exit 4) when the xtables lock was not free in time, RG_PRIVILEGE when not root
 */
export async function restore(
  family: Family,
  variant: Variant,
  text: string,
  waitSeconds: number,
  runner?: Runner,
): Promise<RestoreOutcome> {
  return feed(restoreCommand(family, variant, waitSeconds), text, waitSeconds, runner);
}

/** As {@link restore}, of whole tables: anything else in them is deleted. Tables it does not name stay. */
export async function restoreWhole(
  family: Family,
  variant: Variant,
  text: string,
  waitSeconds: number,
): Promise<RestoreOutcome> {
  const [tool, , ...words] = restoreCommand(family, variant, waitSeconds);
  return feed([tool, ...words], text, waitSeconds);
}

async function feed(
  words: readonly [string, ...string[]],
  text: string,
  waitSeconds: number,
  runner: Runner = (restore, input = '') =>
    run(restore, { input, timeout: (waitSeconds + 120) * 1000, whileWorking: true, detached: true }),
): Promise<RestoreOutcome> {
  const { stderr, exitCode } = await runner(words, text);
  return outcomeOf(stderr, exitCode, waitSeconds);
}

/** Reads the messages of a restore. The only place that depends on the tools' error texts (1.8.9 to 1.8.13, LC_ALL=C). */
export function outcomeOf(stderr: string, exitCode: number, waitSeconds: number): RestoreOutcome {
  if (exitCode === 0) return { applied: true };
  if (/holding the xtables lock|Resource temporarily unavailable/i.test(stderr)) {
    throw new Fault(
      'RG_BUSY',
      4,
      `another program held the xtables lock for more than ${String(waitSeconds)} s`,
      {
        hint: 'See who holds it: fuser -v /run/xtables.lock. Then try again, or wait longer with --wait SECONDS.',
      },
    );
  }
  if (/permission denied|must be root|not permitted/i.test(stderr)) {
    throw new Fault('RG_PRIVILEGE', 3, 'the rules may not be changed: this needs root', {
      details: linesOf(stderr),
      hint: 'Run it as root: sudo rulesguard …',
    });
  }
  const line = /(?:line |at line: )(\d+)/.exec(stderr)?.[1];
  const message = linesOf(stderr)[0] ?? `status ${String(exitCode)}`;
  return { applied: false, message, ...(line === undefined ? {} : { line: Number(line) }) };
}
