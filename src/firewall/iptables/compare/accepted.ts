import type { RuleName } from '../text/model.ts';
import type { Drift } from './drift.ts';

/** The rules missing in a drift, as a baseline records them to be accepted. */
export function acceptedIn({ chains }: Pick<Drift, 'chains'>): readonly RuleName[] {
  return chains.flatMap(({ family, table, chain, desired: base, exists, missing }) => [
    ...(exists || base.builtin ? [] : [{ family, table, chain }]),
    ...missing.flatMap((index): readonly RuleName[] => {
      const rule = base.rules[index]?.rule.text;
      return rule === undefined ? [] : [{ family, table, chain, rule }];
    }),
  ]);
}

/** The rules of a drift that were not expected and are not leftovers. */
export function unexplainedIn({ extras }: Pick<Drift, 'extras'>): readonly RuleName[] {
  return extras.flatMap(({ family, table, chain, owned, orphaned }) =>
    orphaned === undefined ? [{ family, table, chain, rule: owned.rule.text }] : [],
  );
}
