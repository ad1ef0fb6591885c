import type { ChainDrift } from '../compare/drift.ts';
import type { OwnedRule } from '../ownership/ownership.ts';
import { writtenRule } from '../ownership/written.ts';
import type { Step } from '../text/restore-input.ts';
import { deletion, insertions } from './inserts.ts';

/** Steps for one chain, and the chain after them. */
export interface Edit {
  readonly steps: readonly Step[];
  readonly result: readonly OwnedRule[];
}

/**
 * Ways to take only the extra copies of doubled rules out of a chain, so that no rule of others changes sides with the copy that
 * stays: the first copy stays, or the last one. Only those that leave recorded rules in the order in which they were recorded.
 *
 * All copies are deleted and the one that stays is inserted where it was: a delete by value takes the first copy.
 */
export function withoutExtraCopies(drift: ChainDrift): readonly Edit[] {
  const { live, surplus } = drift;
  const firstCopies = copiesLeft(live, surplus);
  const lastCopies = copiesLeft(live.toReversed(), surplus).toReversed();
  return [firstCopies, lastCopies]
    .filter((result) => isAsRecorded(drift, result))
    .map((result) => ({ steps: stepsTo(result, drift), result }));
}

/** The rules with as many copies of each as are to stay, the first ones. */
function copiesLeft(rules: readonly OwnedRule[], surplus: ReadonlyMap<string, number>): readonly OwnedRule[] {
  const total = new Map<string, number>();
  for (const { rule } of rules) total.set(rule.text, (total.get(rule.text) ?? 0) + 1);
  const seen = new Map<string, number>();
  return rules.filter(({ rule: { text } }) => {
    const extra = surplus.get(text);
    if (extra === undefined) return true;
    const copy = seen.get(text) ?? 0;
    seen.set(text, copy + 1);
    return copy < (total.get(text) ?? 0) - extra;
  });
}

/**
 * Whether each copy that stays comes after all rules recorded before it that are there, and before all recorded after it. Of rules in a relay
 * chain, those of others count that are in the same chain: whoever moved Docker's rules there took them from among his own.
 */
function isAsRecorded({ desired, surplus }: ChainDrift, result: readonly OwnedRule[]): boolean {
  const places = new Map<string, number>();
  for (const [index, { rule }] of desired.rules.entries())
    if (!places.has(rule.text)) places.set(rule.text, index);
  const isInOrder = (rules: readonly OwnedRule[], isBehind: (place: number, other: number) => boolean) => {
    let furthest: number | undefined;
    return rules.every(({ rule: { text } }) => {
      const place = places.get(text);
      if (place === undefined) return true;
      const fits = furthest === undefined || place === furthest || isBehind(place, furthest);
      if (furthest === undefined || isBehind(place, furthest)) furthest = place;
      return fits || !surplus.has(text);
    });
  };
  const chainOf = (owned: OwnedRule): string => writtenRule(owned).chain;
  const homes = new Set(result.filter(({ rule }) => surplus.has(rule.text)).map(chainOf));
  const counting = result.filter((one) => one.owner === 'docker' || homes.has(chainOf(one)));
  return (
    isInOrder(counting, (place, other) => place > other) &&
    isInOrder(counting.toReversed(), (place, other) => place < other)
  );
}

function stepsTo(result: readonly OwnedRule[], { live, surplus }: ChainDrift): readonly Step[] {
  const isDoubled = ({ rule }: OwnedRule): boolean => surplus.has(rule.text);
  return [...live.filter(isDoubled).map(deletion), ...insertions(result, isDoubled)];
}
