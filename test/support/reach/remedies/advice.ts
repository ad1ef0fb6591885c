import { judge, measureAgain, read, type Reading } from '../judge.ts';
import type { ReachTown } from '../measured-town.ts';
import type { ReachState } from '../states/state.ts';
import { askDoctor, type DoctorAnswer } from './answers.ts';
import { amissAfter, brokenBy, cellsIn, type Before } from './judge.ts';
import { isAmiss, promisedByDoctor } from './promises.ts';
import { isQuestion } from './offers.ts';
import { isRestoreInPart, NOT_HERE, told } from './try.ts';

/** What came of typing all that doctor says, and asking it again until it says no more. */
export interface FollowedAdvice {
  /**
   * `well`: every way is as it is meant to be; `words`: what is left has no command that can be typed here; `unknown`: doctor cannot tell
   * what is left; `none`: it offered no command; `wrong`: it opened something, repeats itself, or calls a host healthy that is not.
   */
  readonly ended: 'none' | 'well' | 'words' | 'unknown' | 'wrong';
  readonly rounds: number;
  readonly wrong: readonly string[];
}

/** So many faults may stand one behind the other. */
const MOST = 4;

/** Of each cause the first remedy that is a command. */
const commandsOf = ({ causes }: Pick<DoctorAnswer, 'causes'>): readonly string[] => [
  ...new Set(
    causes
      .flatMap(({ remedies }) => remedies[0]?.commands ?? [])
      .filter((one) => !NOT_HERE.test(one) && !isQuestion(one)),
  ),
];

/**
 * Brings a town into a state and does what doctor says, until nothing is left to do.
 *
 * @param known - by the commands that were typed, joined by lines: what packets said after them in this state
 */
export async function followAdvice(
  town: ReachTown,
  state: Pick<ReachState, 'script'>,
  before: Before,
  said: DoctorAnswer,
  known: ReadonlyMap<string, Reading>,
): Promise<FollowedAdvice> {
  const first = commandsOf(said);
  if (first.length === 0) return { ended: 'none', rounds: 0, wrong: [] };
  const one = known.get(first.join('\n'));
  if (one !== undefined && amissAfter(before, one).length === 0)
    return { ended: 'well', rounds: 1, wrong: [] };
  const left = await town.back();
  if (left !== '') throw new Error(`could not be put back: ${left}`);
  await town.sh(state.script);
  const typed = new Set<string>();
  const asked = said.causes.map((cause) => promisedByDoctor(cause, said, before.judged));
  let answer = said;
  for (let rounds = 1; rounds <= MOST; rounds++) {
    const commands = commandsOf(answer).filter((command) => !typed.has(command));
    for (const command of commands) {
      typed.add(command);
      const { code, stderr } = await town.type(command);
      if (code !== 0 && !isRestoreInPart(command, code))
        return { ended: 'wrong', rounds, wrong: [`${command}: exit ${String(code)}: ${stderr.trim()}`] };
    }
    const after = await measureAgain(town, cellsIn(before), rounds > 1);
    const { opened } = brokenBy(
      asked.map((promised) => ({ ...promised, least: 0 })),
      before,
      after,
    );
    if (opened.length > 0)
      return { ended: 'wrong', rounds, wrong: told('all advice together opened', opened) };
    // Whose it is that something is amiss now, only the table of now tells.
    const isWell =
      amissAfter(before, after).length === 0 ||
      !judge(await read(town, before.intact.cells, true), town).some(isAmiss);
    if (isWell) return { ended: 'well', rounds, wrong: [] };
    answer = await askDoctor(town.host);
    const names = amissAfter(before, after);
    if (answer.code === 0)
      return {
        ended: 'wrong',
        rounds,
        wrong: told('after its advice doctor is HEALTHY, and amiss are', names),
      };
    const next = commandsOf(answer);
    if (next.length === 0) return { ended: answer.code === 3 ? 'unknown' : 'words', rounds, wrong: [] };
    if (next.every((command) => typed.has(command)))
      return { ended: 'wrong', rounds, wrong: told(`doctor repeats "${next.join('; ')}"`, names) };
  }
  return { ended: 'wrong', rounds: MOST, wrong: ['doctor has ever more to say'] };
}
