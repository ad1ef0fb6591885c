import { ALL_ERAS, type Era } from '../lab/eras.ts';
import { labUnavailable } from '../lab/requirement.ts';

/** The Engines that can be brought up on this machine. */
export const ERAS_HERE: readonly Era[] = ALL_ERAS.filter((era) => labUnavailable(era) === undefined);

/** Every case on every Engine, as in the campaigns of docs/evidence. */
const IS_CAMPAIGN = process.env['RULESGUARD_CAMPAIGN'] === '1';

/**
 * One case in so many, and the first at least; all of them in a campaign, which `npm test` has no time for.
 *
 * @param from - the place of the first: two runs that begin otherwise try others
 */
export const oneIn = <Case>(many: number, cases: readonly Case[], from = 0): readonly Case[] =>
  IS_CAMPAIGN || cases.length <= from ? cases : cases.filter((_, at) => at % many === from % many);

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
