import { ALL_ERAS, ERAS, type Era } from '../lab/eras.ts';
import { labUnavailable } from '../lab/requirement.ts';

/** The Engines that can be brought up on this machine. */
export const ERAS_HERE: readonly Era[] = ALL_ERAS.filter((era) => labUnavailable(era) === undefined);

/** Every case on every Engine, as in the campaigns of docs/evidence. */
export const IS_CAMPAIGN = process.env['RULESGUARD_CAMPAIGN'] === '1';

/**
 * One case in so many, and the first at least; all of them in a campaign, which `npm test` has no time for.
 *
 * @param from - the place of the first: two runs that begin otherwise try others
 */
export const oneIn = <Case>(many: number, cases: readonly Case[], from = 0): readonly Case[] =>
  IS_CAMPAIGN || cases.length <= from ? cases : cases.filter((_, at) => at % many === from % many);

const PACKAGED = ALL_ERAS.filter((era) => ERAS[era].rootFrom === undefined);

/**
 * The Engines on which a group of tests runs: all in a campaign. `npm test` runs each group on one, which its title decides, so that all
 * Engines have their share of the groups; and on one that no distribution packages, where this machine has it.
 *
 * @param title - of the group
 */
export function enginesFor(title: string): readonly Era[] {
  if (IS_CAMPAIGN) return ALL_ERAS;
  const sum = Buffer.from(title).reduce((total, byte) => total + byte, 0);
  const chosen = PACKAGED[sum % PACKAGED.length];
  return ALL_ERAS.filter((era) => era === chosen || (!PACKAGED.includes(era) && ERAS_HERE.includes(era)));
}

/** Of the cases that an Engine could try it tries one in so many, where it stands for the others. */
const ONE_IN = PACKAGED.length;

/**
 * The cases that an Engine tries: all of them in a campaign.
 *
 * @param knownOn - the Engines on which a case can be tried at all; undefined for all
 */
export function shareOf<Case>(
  era: Era,
  cases: readonly Case[],
  knownOn: (one: Case) => readonly Era[] | undefined = () => undefined,
): readonly Case[] {
  return oneIn(
    ONE_IN,
    cases.filter((one) => knownOn(one)?.includes(era) ?? true),
  );
}
