import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { follow, type Followed } from '../../paths/follow.ts';
import { restored } from '../../remedies/change.ts';
import { judgePaths } from './failed-paths.ts';

/**
 * Judges paths; where rules of Docker's are lost, those that fail twice: as they are, and on the rules that a restore would
 * leave. What fails there too is no consequence of the loss, and is marked so.
 *
 * @param followed - every request's path and that of its answer
 * @param isWhole - see {@link judgePaths}
 */
export function judgeAllPaths(
  followed: readonly (readonly Followed[])[],
  facts: Facts,
  isWhole: boolean,
): readonly Check[] {
  const now = judgePaths(followed.flat(), facts, isWhole);
  const repaired = restored(facts);
  if (repaired === undefined) return now;
  const again = followed
    .filter((each) => each.some(({ request, outcome }) => request.shouldPass && outcome.is !== 'reached'))
    .flatMap(([first]) => (first === undefined ? [] : follow(first.request, repaired)));
  const persisting = judgePaths(again, repaired, isWhole)
    .filter(({ verdict }) => verdict === 'fail')
    .map((check): Check => ({ ...check, persists: true }));
  const isSame = (check: Check): boolean =>
    persisting.some(({ code, title }) => code === check.code && title === check.title);
  return [...now.filter((check) => !isSame(check)), ...persisting];
}
