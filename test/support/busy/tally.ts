import type { Bustle } from './churn.ts';

/** What was counted in a siege. */
export interface Tally {
  damages: number;
  readonly kinds: Map<string, number>;
  /** When the last restore began, in milliseconds since 1970. */
  lastRestore: number;
  /** How long each restore took. */
  readonly milliseconds: number[];
  applies: number;
  /** Applies that repaired what had changed since the one before. */
  again: number;
  /** Leftover rules that the damage brought, or that dockerd itself left behind. */
  leftovers: number;
  /** Restores beside a flusher that left something to him, and said so. */
  besideFlusher: number;
  /** Messages of all other restores that did not exit 0. */
  readonly failures: string[];
}

export const emptyTally = (): Tally => ({
  damages: 0,
  kinds: new Map(),
  lastRestore: 0,
  milliseconds: [],
  applies: 0,
  again: 0,
  leftovers: 0,
  besideFlusher: 0,
  failures: [],
});

export const add = (counts: Map<string, number>, what: string): void => {
  counts.set(what, (counts.get(what) ?? 0) + 1);
};

/** A siege in a few lines, for whoever reads the run. */
export function summary({ tally, bustle }: { readonly tally: Tally; readonly bustle: Bustle }): string {
  const sorted = tally.milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    ((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(1);
  const kinds = [...tally.kinds]
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => `${String(count)} × ${what}`);
  return [
    `${String(tally.damages)} damages during ${String(bustle.done)} commands of docker, ${String(bustle.refusals.length)} more failed because rules were missing`,
    `restores: ${String(tally.failures.length)} did not exit 0, ${String(tally.besideFlusher)} more left something to a flusher at work; ${String(tally.applies)} applies, ${String(tally.again)} of them on top of another`,
    `seconds: median ${at(0.5)}, 95 of 100 within ${at(0.95)}, longest ${at(1)}; leftovers ${String(tally.leftovers)}`,
    kinds.join('; '),
  ].join('\n  ');
}
