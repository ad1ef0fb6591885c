import type { OwnedChain, OwnedRule } from '../ownership/ownership.ts';
import { holdsDeclared } from '../order/bypassed.ts';
import type { ChainDrift, RuleInChain } from './drift.ts';

/** A rule that cannot be read in full is the user's too. */
const isUsers = ({ owner, rule }: OwnedRule): boolean => owner === 'shared' || rule.printed !== undefined;

/**
 * What was lost of DOCKER-USER's content by accident: all that was recorded, where nothing of the user's is left in it. The
 * chain is the user's to edit, so single rules that are gone are none of that: {@link lostSinglyIn}. Declared rules are: each counts by itself.
 *
 * @returns indexes into the rules of `desired`
 */
export function lostContentOf(desired: OwnedChain, live: readonly OwnedRule[]): readonly number[] {
  if (holdsDeclared(desired)) {
    const present = new Set(live.map(({ rule }) => rule.text));
    return desired.rules.flatMap(({ declared, rule }, index) =>
      declared === true && !present.has(rule.text) ? [index] : [],
    );
  }
  if (desired.owner !== 'shared' || live.some(isUsers)) return [];
  return desired.rules.flatMap(({ owner }, index) => (owner === 'shared' ? [index] : []));
}

/** The user's own rules that are gone from one chain in which others of theirs are left; of several copies those too many. */
export function lostSinglyIn({ family, table, chain, desired, live }: ChainDrift): readonly RuleInChain[] {
  if (desired.owner !== 'shared' || holdsDeclared(desired) || !live.some(isUsers)) return [];
  const left = new Map<string, number>();
  for (const { rule } of live) left.set(rule.text, (left.get(rule.text) ?? 0) + 1);
  return desired.rules.flatMap((owned): readonly RuleInChain[] => {
    if (owned.owner !== 'shared') return [];
    const copies = left.get(owned.rule.text) ?? 0;
    left.set(owned.rule.text, copies - 1);
    return copies > 0 ? [] : [{ family, table, chain, owned }];
  });
}

/** Rules in a chain that holds declared ones which are neither declared nor Docker's. */
export const undeclaredIn = ({ family, table, chain, desired, live }: ChainDrift): readonly RuleInChain[] => {
  if (!holdsDeclared(desired)) return [];
  const known = new Set(desired.rules.map(({ rule }) => rule.text));
  return live.flatMap((owned) =>
    owned.owner === 'docker' || known.has(owned.rule.text) ? [] : [{ family, table, chain, owned }],
  );
};
