/*
 * How often the same thing is repaired. Whoever breaks it again and again is a second writer: repairing as fast as he breaks would make
 * the host flap, and tell nobody.
 */

/** When each effect was repaired, by its id, the oldest first. Milliseconds. */
export type Repairs = ReadonlyMap<string, readonly number[]>;

/** A repair counts for so long. */
const WINDOW = 300_000;
/** Repairs of one effect that are made at once. */
const FREE = 5;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 120_000;

/** Notes that these were repaired now; what no longer counts is dropped. */
export function noted(repairs: Repairs, ids: readonly string[], now: number): Repairs {
  const next = new Map<string, readonly number[]>();
  for (const id of new Set([...repairs.keys(), ...ids])) {
    const times = (repairs.get(id) ?? []).filter((time) => now - time < WINDOW);
    const all = ids.includes(id) ? [...times, now] : times;
    if (all.length > 0) next.set(id, all);
  }
  return next;
}

/** When these may be repaired next: one that has not been repaired often is not kept waiting by one that has. */
export const notBefore = (repairs: Repairs, ids: readonly string[], now: number): number =>
  Math.min(...ids.map((id) => afterPause(timesOf(repairs, id, now))));

/** Those that somebody keeps breaking. */
export const fought = (repairs: Repairs, ids: readonly string[], now: number): readonly string[] =>
  ids.filter((id) => timesOf(repairs, id, now).length >= FREE);

const timesOf = (repairs: Repairs, id: string, now: number): readonly number[] =>
  (repairs.get(id) ?? []).filter((time) => now - time < WINDOW);

function afterPause(times: readonly number[]): number {
  const last = times.at(-1);
  if (last === undefined || times.length < FREE) return Number.NEGATIVE_INFINITY;
  return last + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (times.length - FREE));
}
