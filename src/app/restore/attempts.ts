import type { Family } from '../../net/family.ts';

/** How often one restore writes the same thing before it leaves it to whoever changes it back. */
const MAX_WRITES = 10;
/** Milliseconds. With ten writes: nine seconds in all. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;
/** Milliseconds, after which a restore begins nothing new: beside a busy dockerd, and once somebody plainly changes back what it writes. */
const LONGEST = 60_000;
const LONGEST_FIGHT = 20_000;
/** So often a busy dockerd takes out what was written, as it removes and starts one container over and over. */
const NO_FIGHT = 3;
/** How often it looks at the rules, whatever happens; a quarter of these are kept for taking out what it wrote too much. */
const MAX_ROUNDS = 80;
const MAX_ROUNDS_WRITING = 60;

/** What one restore has written so far, and what it was refused: counting, by which it decides what to leave. A value; each change is a new one. */
export class RepairAttempts {
  private readonly counts: Counts;

  private constructor(counts: Counts) {
    this.counts = counts;
  }

  /** Of a restore that begins. @param now - in milliseconds */
  static from(now: number): RepairAttempts {
    return new RepairAttempts({
      began: now,
      rounds: 0,
      isLate: false,
      writes: new Map(),
      refusals: new Map(),
    });
  }

  /** Once more looking at the rules; undefined once it has looked often enough. */
  next(now: number): RepairAttempts | undefined {
    const { began, rounds, writes } = this.counts;
    if (rounds >= MAX_ROUNDS) return undefined;
    const isFight = [...writes.values()].some((times) => times > NO_FIGHT);
    const isLate = now - began >= (isFight ? LONGEST_FIGHT : LONGEST) || rounds >= MAX_ROUNDS_WRITING;
    return new RepairAttempts({ ...this.counts, rounds: rounds + 1, isLate });
  }

  /** Whether this is its first look. */
  get isFirst(): boolean {
    return this.counts.rounds <= 1;
  }

  /** With things counted as written. @param keys - as {@link keyOf} */
  wrote(keys: Iterable<string>): RepairAttempts {
    const writes = new Map(this.counts.writes);
    for (const key of new Set(keys)) writes.set(key, (writes.get(key) ?? 0) + 1);
    return new RepairAttempts({ ...this.counts, writes });
  }

  /** With a table counted as refused, or, without a message, as taken. */
  answered(family: Family, table: string, refused: string | undefined): RepairAttempts {
    const key = `${family} ${table}`;
    const refusals = new Map(this.counts.refusals);
    if (refused === undefined) refusals.delete(key);
    else refusals.set(key, { times: this.refusalsOf(family, table) + 1, said: refused });
    return new RepairAttempts({ ...this.counts, refusals });
  }

  /** Whether something of a family was refused last time: its tables are then tried one at a time. */
  wasRefused(family: Family): boolean {
    return [...this.counts.refusals.keys()].some((key) => key.startsWith(`${family} `));
  }

  /** How long to wait before these are written, in milliseconds: the longer the more often others changed them back. */
  pauseBefore(keys: Iterable<string>): number {
    const { writes, refusals } = this.counts;
    const most = Math.max(
      ...[0, ...[...keys].map((key) => writes.get(key) ?? 0)],
      ...[...refusals.values()].map(({ times }) => times % MAX_WRITES),
    );
    return most === 0 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (most - 1));
  }

  /** Why something is left to another program; undefined where it is not. @param key - as {@link keyOf} */
  whyLeft(key: string): string | undefined {
    return (this.counts.writes.get(key) ?? 0) >= MAX_WRITES ? CHANGED_BACK : undefined;
  }

  /** Why nothing more is written; undefined where something may be. */
  whyLate(): string | undefined {
    return this.counts.isLate ? KEPT_CHANGING : undefined;
  }

  /** Why nothing is added to a table any more: the kernel refused it again and again. */
  whyRefused(family: Family, table: string): string | undefined {
    const said = this.counts.refusals.get(`${family} ${table}`)?.said;
    return said === undefined || this.refusalsOf(family, table) < MAX_WRITES
      ? undefined
      : `refused ${String(MAX_WRITES)} times: ${said}`;
  }

  /** Whether not even leftovers are taken out of a table any more. */
  isHopeless(family: Family, table: string): boolean {
    return this.refusalsOf(family, table) >= 2 * MAX_WRITES;
  }

  private refusalsOf(family: Family, table: string): number {
    return this.counts.refusals.get(`${family} ${table}`)?.times ?? 0;
  }
}

interface Counts {
  readonly began: number;
  readonly rounds: number;
  readonly isLate: boolean;
  readonly writes: ReadonlyMap<string, number>;
  readonly refusals: ReadonlyMap<string, { readonly times: number; readonly said: string }>;
}

/** Why a rule is left to another writer. */
export const CHANGED_BACK = `written ${String(MAX_WRITES)} times, and another program changed it back each time`;
/** Why a rule waits for another restore. */
export const KEPT_CHANGING = 'the rules kept changing for as long as a restore lasts';

/** The key under which a rule (by its text), a chain (`:CHAIN`) or a policy (`-P CHAIN`) of a table is counted. */
export const keyOf = (family: Family, table: string, what: string): string => `${family} ${table} ${what}`;
