import type { Reading } from '../judge.ts';
import type { ReachTown } from '../measured-town.ts';
import type { ReachState } from '../states/state.ts';
import { followAdvice, type FollowedAdvice } from './advice.ts';
import { askDoctor, type CheckAnswer, type DoctorAnswer } from './answers.ts';
import type { Before } from './judge.ts';
import { distinctOffers, offersOfCheck, offersOfDoctor, targetsNext, wordsOnly } from './offers.ts';
import { tryRemedy, type TriedRemedy } from './try.ts';

/** All that is offered against a state, executed. */
export interface TriedRemedies {
  /** Each command or list of commands once, however often it is offered. */
  readonly tried: readonly TriedRemedy[];
  /** Causes of doctor's that have words alone. */
  readonly words: number;
  readonly advice: FollowedAdvice;
}

export const NO_REMEDIES: TriedRemedies = {
  tried: [],
  words: 0,
  advice: { ended: 'none', rounds: 0, wrong: [] },
};

/**
 * Executes whatever check and doctor offer in a state, each from the state itself, and then all that doctor says in a row.
 *
 * @param most - so many remedies are executed
 */
export async function tryRemedies(
  town: ReachTown,
  state: Pick<ReachState, 'script'>,
  before: Before,
  said: { readonly check: CheckAnswer; readonly doctor: DoctorAnswer | undefined },
  most: number,
): Promise<TriedRemedies> {
  const { check, doctor } = said;
  const { judged } = before;
  // Of what the operator closed one way is asked about.
  const target = doctor === undefined ? undefined : targetsNext(doctor)[0];
  const asked = target === undefined ? undefined : await askDoctor(town.host, target);
  const offers = distinctOffers([
    ...offersOfCheck(check, judged),
    ...(doctor === undefined ? [] : offersOfDoctor(doctor, judged)),
    ...(asked === undefined ? [] : offersOfDoctor(asked, judged, target)),
  ]);
  const tried: TriedRemedy[] = [];
  const readings = new Map<string, Reading>();
  for (const offer of offers.slice(0, most)) {
    const { tried: one, after } = await tryRemedy(town, state, before, offer);
    tried.push(one);
    if (after !== undefined) readings.set(offer.commands.join('\n'), after);
  }
  return {
    tried,
    words: doctor === undefined ? 0 : wordsOnly(doctor),
    advice:
      doctor === undefined || tried.length < offers.length
        ? NO_REMEDIES.advice
        : await followAdvice(town, state, before, doctor, readings),
  };
}
