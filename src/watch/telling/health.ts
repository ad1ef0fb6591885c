/** How often a look is made, and when: milliseconds of one clock that never goes back. */
export interface LookTimes {
  /** The last look that could be made, or the start. */
  readonly last: number;
  readonly interval: number;
}

/** A look of a large host on a busy machine may take so long. */
const LONGEST_LOOK = 60_000;

/** Why watch is not well: undefined while looks are made as often as they should. */
export function unwell({ last, interval }: LookTimes, now: number): string | undefined {
  const ago = now - last;
  return ago <= interval + LONGEST_LOOK
    ? undefined
    : `no look could be made for ${String(Math.round(ago / 1000))} s: rulesguard log`;
}
