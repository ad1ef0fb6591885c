import { Fault } from '../../../fault.ts';
import type { TablePlan } from '../../../firewall/nftables/plan/plan.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import { observationOf, type Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import { plansFor, tablesAfter } from '../../../reconcile/tables/side.ts';
import type { Writer } from '../../ports.ts';
import type { RepairOptions } from '../repair.ts';

/** How Docker's tables are repaired, and how carefully. */
export type TableRepairOptions = Pick<
  RepairOptions,
  'rehearse' | 'assumeUnchanged' | 'rehearsed' | 'continues'
>;

/** What plans are proved by. */
export interface TableProof extends TableRepairOptions {
  readonly reference: Reference;
}

/**
 * Proves plans for Docker's tables: made in memory they leave nothing to repair, and nft makes them in a namespace of their own.
 *
 * @throws Fault RG_REHEARSAL
 */
export async function proveTables(
  host: Pick<Writer, 'rehearseTables'>,
  plans: readonly TablePlan[],
  seen: Observation,
  proof: TableProof,
): Promise<void> {
  simulateTables(plans, seen, proof);
  if (proof.rehearse) await host.rehearseTables(plans, seen.tables?.live ?? []);
}

/** Proves plans for Docker's tables in memory alone. @throws Fault RG_REHEARSAL */
export function simulateTables(
  plans: readonly TablePlan[],
  { tables, live: seen, engine }: Observation,
  { reference, assumeUnchanged }: Pick<TableProof, 'reference' | 'assumeUnchanged'>,
): void {
  const changed = new Set(plans.map(tableName));
  const after = tablesAfter(plans, tables?.live ?? []);
  const repaired = observationOf(reference, { ...seen, tables: after }, engine).tables;
  const left = (repaired === undefined ? [] : plansFor(repaired, { assumeUnchanged })).filter(
    (plan) => plan.edits.length > 0 && changed.has(tableName(plan)),
  );
  if (left.length > 0)
    throw new Fault(
      'RG_REHEARSAL',
      1,
      "the plan for Docker's tables would not repair them, so nothing was changed",
      { details: left.map((plan) => tableName(plan)), hint: 'See what is lost: rulesguard check --rules' },
    );
}
