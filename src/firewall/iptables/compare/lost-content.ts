import type { OwnedChain, OwnedRule } from '../ownership/ownership.ts';
import type { ChainDrift, LostRule } from './drift.ts';

/** A rule that cannot be read in full is the user's too. */
const isUsers = ({ owner, rule }: OwnedRule): boolean => owner === 'shared' || rule.printed !== undefined;

/**
 * What was lost of DOCKER-USER's content by accident: all that was recorded, where nothing of the user's is left in it. The
 * chain is the user's to edit, so single rules that are gone are none of that: {@link lostSinglyIn}.
 *
 * @returns indexes into the rules of `desired`
 */
export function lostContentOf(desired: OwnedChain, live: readonly OwnedRule[]): readonly number[] {
  if (desired.owner !== 'shared' || live.some(isUsers)) return [];
  return desired.rules.flatMap(({ owner }, index) => (owner === 'shared' ? [index] : []));
}

/** The user's own rules that are gone from one chain in which others of theirs are left; of several copies those too many. */
export function lostSinglyIn({ family, table, chain, desired, live }: ChainDrift): readonly LostRule[] {
  if (desired.owner !== 'shared' || !live.some(isUsers)) return [];
  const left = new Map<string, number>();
  for (const { rule } of live) left.set(rule.text, (left.get(rule.text) ?? 0) + 1);
  return desired.rules.flatMap((owned): readonly LostRule[] => {
    if (owned.owner !== 'shared') return [];
    const copies = left.get(owned.rule.text) ?? 0;
    left.set(owned.rule.text, copies - 1);
    return copies > 0 ? [] : [{ family, table, chain, owned }];
  });
}
