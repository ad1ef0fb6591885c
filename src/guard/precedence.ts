import type { OwnedRule } from '../docker/ownership.ts';
import { couldShadow } from './shadow.ts';

/**
 * Docker's rules that once stood before a foreign rule and now stand behind it, where that rule could take their
 * packets. A rule of Docker's that moved up is no loss: Engines up to 27 do that themselves at every network create.
 *
 * @param base - a built-in chain as recorded, foreign neighbours included
 * @param live - the same chain now
 * @returns texts of the rules of Docker's that lost their place
 */
export function lostPrecedence(base: readonly OwnedRule[], live: readonly OwnedRule[]): ReadonlySet<string> {
  const lost = new Set<string>();
  if (!base.some(({ owner }) => owner === 'foreign')) return lost;
  const position = new Map<string, number>();
  live.forEach(({ rule }, index) => {
    if (!position.has(rule.text)) position.set(rule.text, index);
  });
  let below: OwnedRule | undefined;
  for (const owned of base.toReversed()) {
    if (owned.owner === 'foreign') below = owned;
    else if (below !== undefined) {
      const [mine, theirs] = [position.get(owned.rule.text), position.get(below.rule.text)];
      if (mine !== undefined && theirs !== undefined && theirs < mine && couldShadow(below.rule, owned.rule)) lost.add(owned.rule.text);
    }
  }
  return lost;
}
