import { keyOfStood, stoodFrom, wayOf, type StoodRule } from './foreign.ts';
import type { JudgedCell } from './judge.ts';

/**
 * What a baseline is to record of a table: all that decides before Docker's rules and is not the operator's already.
 *
 * @param cells - judged as if nothing had stood before
 */
export function standingIn(cells: readonly JudgedCell[]): readonly StoodRule[] {
  const found = new Map<string, { readonly one: Omit<StoodRule, 'ways'>; readonly ways: Set<string> }>();
  for (const { cause, decider, asker, asked, differs } of cells) {
    if (cause !== 'overridden' || decider === undefined || decider.by === 'kernel') continue;
    const one = stoodFrom(decider);
    const known = found.get(keyOfStood(one)) ?? { one, ways: new Set() };
    found.set(keyOfStood(one), known);
    known.ways.add(wayOf(asker, asked, differs));
  }
  return [...found.values()].map(({ one, ways }) => ({ ...one, ways: [...ways].sort() }));
}
