import type { Check } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { follow, type Followed } from './follow.ts';
import { judgePaths } from './judge-paths.ts';

/**
 * Judges paths; where rules of Docker's are lost, those that fail twice: as they are, and on the rules that a restore would
 * leave. What fails there too is no consequence of the loss, and is marked so.
 *
 * @param followed - every request's path and that of its answer
 */
export function judgeAllPaths(followed: readonly (readonly Followed[])[], facts: Facts): readonly Check[] {
  const now = judgePaths(followed.flat(), facts);
  const { mended, backend, terrain } = facts;
  if (mended === undefined) return now;
  const { rules, owned } = mended;
  const banks = terrain.banks.map((bank) => (bank.backend === backend ? { ...bank, rules } : bank));
  const repaired: Facts = { ...facts, owned, terrain: { ...terrain, banks } };
  const again = followed
    .filter((each) => each.some(({ request, outcome }) => request.wanted && outcome.is !== 'reached'))
    .flatMap(([first]) => (first === undefined ? [] : follow(first.request, repaired)));
  const lasting = judgePaths(again, repaired)
    .filter(({ verdict }) => verdict === 'fail')
    .map((check) => ({ ...check, lasting: true }));
  const isSame = (check: Check): boolean =>
    lasting.some(({ code, title }) => code === check.code && title === check.title);
  return [...now.filter((check) => !isSame(check)), ...lasting];
}
