/*
 * How often the same thing is repaired. Whoever breaks it again and again is a second writer: repairing as fast as he breaks would make
 * the host flap, and tell nobody.
 */

/** How often something was repaired, and when last. Milliseconds. */
interface RepairCount {
  readonly times: number;
  readonly last: number;
}

/** How often each effect was repaired, by its id. */
export type Repairs = ReadonlyMap<string, RepairCount>;

/** What was repaired counts until it has stayed whole for so long: pauses are shorter, so that nothing is forgotten in one. */
const WINDOW = 300_000;
/** Repairs of one effect that are made at once. */
const FREE = 5;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 120_000;

/** Notes that these were repaired now; what no longer counts is dropped. */
export function noted(repairs: Repairs, ids: readonly string[], now: number): Repairs {
  const kept = [...repairs].filter(([, { last }]) => now - last < WINDOW);
  const next = new Map(kept);
  for (const id of new Set(ids)) next.set(id, { times: (next.get(id)?.times ?? 0) + 1, last: now });
  return next;
}

/** When these may be repaired next: one that has not been repaired often is not kept waiting by one that has. */
export const notBefore = (repairs: Repairs, ids: readonly string[], now: number): number =>
  Math.min(...ids.map((id) => afterPause(counting(repairs, id, now))));

/** Those that somebody keeps breaking. */
export const fought = (repairs: Repairs, ids: readonly string[], now: number): readonly string[] =>
  ids.filter((id) => (counting(repairs, id, now)?.times ?? 0) >= FREE);

function counting(repairs: Repairs, id: string, now: number): RepairCount | undefined {
  const known = repairs.get(id);
  return known === undefined || now - known.last >= WINDOW ? undefined : known;
}

function afterPause(repaired: RepairCount | undefined): number {
  if (repaired === undefined || repaired.times < FREE) return Number.NEGATIVE_INFINITY;
  return repaired.last + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (repaired.times - FREE));
}
