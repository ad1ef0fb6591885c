import { Fault } from '../../../fault.ts';
import type { TablePlan } from '../../../firewall/nftables/plan/plan.ts';
import { simulateEdits } from '../../../firewall/nftables/simulate/simulate.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import type { Observation } from '../../../reconcile/observation.ts';
import { leftAfterPlans } from '../../../reconcile/tables/side.ts';
import type { Writer } from '../../ports.ts';

/**
 * Proves plans for Docker's tables: made in memory they leave nothing to repair, and nft makes them in a namespace of their own.
 *
 * @param rehearse - whether it is tried with nft
 * @throws Fault RG_REHEARSAL
 */
export async function proveTables(
  host: Pick<Writer, 'rehearseTables'>,
  plans: readonly TablePlan[],
  { tables, engine }: Observation,
  rehearse: boolean,
): Promise<void> {
  const { live = [] } = tables ?? {};
  const made = plans.map((plan) => {
    const held = live.find(({ family, name }) => family === plan.family && name === plan.name);
    return simulateEdits(plan, held, plan.edits);
  });
  const changed = new Set(plans.map(tableName));
  const after = [...live.filter((table) => !changed.has(tableName(table))), ...made].filter(
    (table) => table !== undefined,
  );
  const left = engine.answered ? leftAfterPlans(after, engine) : [];
  if (left.length > 0)
    throw new Fault(
      'RG_REHEARSAL',
      1,
      "the plan for Docker's tables would not repair them, so nothing was changed",
      { details: left.map((plan) => tableName(plan)), hint: 'See what is lost: rulesguard check --rules' },
    );
  if (rehearse) await host.rehearseTables(plans, live);
}
