import type { TableDrift } from '../compare/drift.ts';
import type { NftRule } from '../tables/model.ts';
import { planTableAgain, type TablePlan } from './plan.ts';

/**
 * The edits that make a recorded table of Docker's what the Engine requires now: as a repair, and without what is about containers and networks
 * that have gone since. What is not Docker's stays as it was recorded; so does a rule of Docker's that only closes.
 */
export function planTableRollback(drift: TableDrift): TablePlan {
  const obsolete = new Set<NftRule>(
    drift.chains.flatMap(({ surplus }) =>
      surplus.flatMap(({ is, owned: { rule } }) =>
        is === 'leftover' || (is === 'unexpected' && !closes(rule)) ? [rule] : [],
      ),
    ),
  );
  return planTableAgain(drift, {
    rule: (_, rule) => obsolete.has(rule),
    chain: () => true,
    element: () => true,
  });
}

const closes = ({ statements }: NftRule): boolean => statements.some(({ is }) => is === 'drop');
