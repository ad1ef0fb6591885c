/** A finding of check that was accepted for a time: it is counted, and does not alarm. */
export interface Acceptance {
  /** As `check` showed it. */
  readonly id: string;
  readonly reason: string;
  /** The last day it holds, `YYYY-MM-DD`, in UTC. */
  readonly until: string;
  /** ISO 8601, UTC. */
  readonly accepted: string;
  /** Who accepted it. */
  readonly by: string;
  /** What it was about, in one line. */
  readonly headline: string;
  /** Digests of the ways and rules it covers: nothing else is hidden by it. */
  readonly covers: readonly string[];
}

/**
 * Whether an acceptance holds: from the day it was accepted to the end of its last day. A clock that stands before that is wrong, and
 * would have it hold for years.
 *
 * @param today - `YYYY-MM-DD`, in UTC
 */
export const holds = ({ until, accepted }: Pick<Acceptance, 'until' | 'accepted'>, today: string): boolean =>
  accepted.slice(0, 10) <= today && today <= until;

const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a text is a day that exists, `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const length = month === 2 && isLeap ? 29 : (MONTHS[month - 1] ?? 0);
  return day >= 1 && day <= length;
}
