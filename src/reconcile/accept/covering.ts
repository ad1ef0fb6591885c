import { holds, type Acceptance } from './acceptance.ts';

/**
 * The acceptances that hold on a day, by each cell or rule they cover (`coverOfCell`, `coverOfFinding`). Check, doctor and reach ask this
 * alone whether something was accepted.
 *
 * @param today - `YYYY-MM-DD`, in UTC
 */
export const coveringOn = (
  acceptances: readonly Acceptance[],
  today: string,
): ReadonlyMap<string, Acceptance> =>
  new Map(
    acceptances
      .filter((one) => holds(one, today))
      .flatMap((one) => one.covers.map((cover) => [cover, one] as const)),
  );
