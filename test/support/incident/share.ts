import { ALL_ERAS, type Era } from '../lab/eras.ts';
import { labUnavailable } from '../lab/requirement.ts';

/** The Engines that can be brought up on this machine. */
export const ERAS_HERE: readonly Era[] = ALL_ERAS.filter((era) => labUnavailable(era) === undefined);

/** Every case on every Engine, as in the campaigns of docs/evidence. */
const IS_CAMPAIGN = process.env['RULESGUARD_CAMPAIGN'] === '1';

/**
 * Every second case; all of them in a campaign.
 *
 * @param from - with which it begins: two runs that begin otherwise try all
 */
export const everySecond = <Case>(cases: readonly Case[], from: 0 | 1): readonly Case[] =>
  IS_CAMPAIGN || cases.length < 2 ? cases : cases.filter((_, at) => at % 2 === from);

/**
 * The cases this Engine tries. A test run tries each case on one Engine, so that it ends in time; `RULESGUARD_CAMPAIGN=1` tries
 * each on all.
 *
 * @param knownOn - the Engines on which a case can be tried at all; undefined for all
 */
export function shareOf<Case>(
  era: Era,
  cases: readonly Case[],
  knownOn: (one: Case) => readonly Era[] | undefined = () => undefined,
): readonly Case[] {
  return cases.filter((one, index) => {
    const eras = ERAS_HERE.filter((here) => knownOn(one)?.includes(here) ?? true);
    return IS_CAMPAIGN ? eras.includes(era) : eras[index % Math.max(1, eras.length)] === era;
  });
}
