import type { TableDrift } from '../compare/drift.ts';
import type { TableEdit } from '../tables/edit.ts';
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
  const plan = planTableAgain(drift, (_, rule) => obsolete.has(rule));
  const isMadeAnew = plan.edits.some(({ edit }) => edit === 'delete-table');
  if (isMadeAnew || plan.refused !== undefined || drift.expected === undefined) return plan;
  return { ...plan, edits: [...plan.edits, ...leftoversOut(drift)] };
}

const closes = ({ statements }: NftRule): boolean => statements.some(({ is }) => is === 'drop');

/** What leads to a chain goes before it. */
const leftoversOut = ({ maps, sets, strays }: TableDrift): readonly TableEdit[] => [
  ...[...maps, ...sets].flatMap((held) =>
    held.strays.flatMap(({ key, owner }): readonly TableEdit[] =>
      owner === 'leftover' ? [{ edit: 'delete-element', of: held.name, key }] : [],
    ),
  ),
  ...strays.flatMap(({ what, owner }): readonly TableEdit[] =>
    owner === 'leftover' && !/^(?:map|set) /.test(what) ? [{ edit: 'delete-chain', chain: what }] : [],
  ),
];
