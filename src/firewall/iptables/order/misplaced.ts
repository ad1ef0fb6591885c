import type { OwnedChain, OwnedRule } from '../ownership/ownership.ts';
import { outOfOrder, strayedFrom } from './order.ts';
import { lostPrecedence } from './precedence.ts';

/**
 * Docker's rules in a place where their order no longer protects or serves anyone.
 *
 * @param surplus - doubled rules, which are left out: the plan keeps one copy where it belongs, whichever of them moved
 * @returns their texts
 */
export function misplacedIn(
  base: OwnedChain,
  live: readonly OwnedRule[],
  surplus: ReadonlyMap<string, number>,
): ReadonlySet<string> {
  const misplaced = new Set([...lostPrecedence(base, live)].filter((text) => !surplus.has(text)));
  // What went behind a rule of others is restored anyway; the rest is judged without it.
  const single = live.filter(
    ({ owner, rule: { text } }) => owner === 'docker' && !surplus.has(text) && !misplaced.has(text),
  );
  // A baseline recorded with --force may be out of order itself: then there is no order to restore.
  if (outOfOrder(single).size === 0 || outOfOrder(base.rules).size > 0) return misplaced;
  for (const index of outOfOrder(single, strayedFromRecord(base, single))) {
    const text = single[index]?.rule.text;
    if (text !== undefined) misplaced.add(text);
  }
  return misplaced;
}

/** Which rules someone moved: where moving either of two would do, the one that moved is named and moved back. */
function strayedFromRecord(base: OwnedChain, live: readonly OwnedRule[]): ReadonlySet<number> {
  const recordedAt = new Map(base.rules.map(({ rule }, index) => [rule.text, index]));
  const known = live.flatMap(({ rule }, index) => {
    const position = recordedAt.get(rule.text);
    return position === undefined ? [] : [{ index, position }];
  });
  const strayed = strayedFrom(known.map(({ position }) => position));
  // Beside rules that were not recorded the jump to the user's is moved: of the others nobody knows where they belong.
  const isMixed = known.length < live.length;
  return new Set(
    known.flatMap(({ index }, i) => (strayed.has(i) || (isMixed && isUsersJump(live[index])) ? [index] : [])),
  );
}

const isUsersJump = (owned: OwnedRule | undefined): boolean => owned?.shape?.id === 'forward-user';
