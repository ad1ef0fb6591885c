/* eslint-disable no-restricted-globals -- Date without a clock: a text is read, a number is printed */

/**
 * A moment as the Engine and baselines write it (RFC 3339), in milliseconds since 1970; NaN for a text that is none.
 *
 * @param text - with any offset, and up to nine digits of a second
 */
export const instantOf = (text: string): number => Date.parse(text);

/** As ISO 8601 in UTC. @param at - milliseconds since 1970 */
export const printInstant = (at: number): string => new Date(at).toISOString();
