import type { OwnedChain, OwnedRule } from '../ownership/ownership.ts';
import { viewRule, type RuleView } from '../text/view.ts';
import { couldShadow, takesPackets } from './shadow.ts';

/** How many foreign rules further down are looked at: a baseline keeps at most three of each run. */
const REACH = 8;

/**
 * For each rule of a recorded chain, the nearest foreign rule behind it that would take its packets if it came first.
 * Only built-in chains: in Docker's own chains the order of foreign rules is not kept.
 *
 * @returns one entry a recorded rule, undefined where nothing has to stay behind it
 */
export function followersIn({ builtin, rules }: OwnedChain): readonly (OwnedRule | undefined)[] {
  const followers = new Array<OwnedRule | undefined>(rules.length).fill(undefined);
  if (!builtin || !rules.some(({ owner }) => owner === 'foreign')) return followers;
  const firstRecorded = new Map(
    rules.map(({ rule }, index): [string, number] => [rule.text, index]).reverse(),
  );
  const takers: { readonly owned: OwnedRule; readonly view: RuleView }[] = [];
  for (let index = rules.length - 1; index >= 0; index--) {
    const owned = rules[index];
    if (owned === undefined) continue;
    if (owned.owner === 'foreign') {
      const view = viewRule(owned.rule);
      if (takesPackets(view) && firstRecorded.get(owned.rule.text) === index) takers.push({ owned, view });
    } else if (takers.length > 0) {
      const mine = viewRule(owned.rule);
      followers[index] = takers.slice(-REACH).findLast(({ view }) => couldShadow(view, mine))?.owned;
    }
  }
  return followers;
}

/** The index of each text; of several copies the last: an extra copy in front is a new rule, not a moved one. */
export function lastPositions(rules: readonly OwnedRule[]): ReadonlyMap<string, number> {
  return new Map(rules.map(({ rule }, index) => [rule.text, index]));
}

/**
 * Docker's rules that once preceded a foreign rule and now follow it, where that rule could take their
 * packets. A rule of Docker's that moved up is no loss: Engines up to 27 do that themselves at every network create. Nor is one
 * in a relay chain: whoever moved it there chose which of their own rules come first.
 *
 * @param base - the chain as recorded, foreign neighbours included
 * @param live - the same chain now
 * @returns texts of the rules of Docker's that lost their place
 */
export function lostPrecedence(base: OwnedChain, live: readonly OwnedRule[]): ReadonlySet<string> {
  const followers = followersIn(base);
  if (followers.every((follower) => follower === undefined)) return new Set();
  const [recorded, position] = [lastPositions(base.rules), lastPositions(live)];
  const isRelayed = (index: number): boolean => live[index]?.relayed !== undefined;
  const lost = base.rules.filter(({ rule }, index) => {
    if (recorded.get(rule.text) !== index) return false;
    const [mine, theirs] = [position.get(rule.text), position.get(followers[index]?.rule.text ?? '')];
    return mine !== undefined && theirs !== undefined && theirs < mine && !isRelayed(mine);
  });
  return new Set(lost.map(({ rule }) => rule.text));
}
