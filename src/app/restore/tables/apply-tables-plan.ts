import { countEdits, type TablePlan } from '../../../firewall/nftables/plan/plan.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import type { DroppedFlows } from '../../../reconcile/flows.ts';
import type { Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import { plansFor } from '../../../reconcile/tables/side.ts';
import type { PlanFile } from '../../../host/state/plan-file.ts';
import { digestOfLive } from '../../observe/digests.ts';
import { observe, observeAgain } from '../../observe/observe.ts';
import type { Host } from '../../ports.ts';
import { changedSince, incompletely, otherPlan } from '../plan-faults.ts';
import { dropStaleFlows } from '../flows.ts';
import { applyTables, finishTables, transactionsOf } from './apply-tables.ts';
import { proveTables } from './prove-tables.ts';
import { faultAfterTakingBack } from './undo-tables.ts';

/** A reviewed plan for Docker's own tables, and where its file lies. */
export interface TablesPlanFile extends Pick<PlanFile, 'live'> {
  readonly tables: readonly string[];
  readonly path: string;
}

/**
 * Applies exactly the transactions that were reviewed, and only to the tables they were reviewed for, by a caller that holds the lock.
 *
 * @param rehearse - whether they are tried in a network namespace of their own first
 * @throws Fault RG_CHANGED when the tables are others now, RG_PLAN when restore would not make these transactions of them, RG_NOT_REPAIRED
 *   when they could not be made; nothing of them is left then
 */
export async function applyTablesPlan(
  host: Host,
  { tables, live, path }: TablesPlanFile,
  reference: Reference,
  rehearse: boolean,
): Promise<{
  readonly steps: number;
  readonly unjournaled: string | undefined;
  readonly flows: DroppedFlows | undefined;
}> {
  const seen = await observe(host, reference);
  if (seen.tables === undefined || digestOfLive(seen.live) !== live) throw changedSince(path);
  const { plans, assumeUnchanged } = plansIn(tables, seen);
  const steps = countEdits(plans);
  if (steps === 0) return { steps, unjournaled: undefined, flows: undefined };
  await proveTables(host, plans, seen, { reference, rehearse, assumeUnchanged });
  const about = { action: 'restore', undoes: null, continues: null, variant: seen.live.variant } as const;
  const applied = await applyTables(host, plans, { ...about, baseline: reference.stored?.digest ?? null });
  const after = await observeAgain(host, reference, seen);
  const names = new Set(plans.map(tableName));
  const isLeft = (after.tables === undefined ? [] : plansFor(after.tables, { assumeUnchanged })).some(
    (plan) => plan.edits.length > 0 && names.has(tableName(plan)),
  );
  const trouble = applied.refused ?? (isLeft ? 'the tables are not as the plan leaves them' : undefined);
  if (trouble !== undefined) {
    throw await faultAfterTakingBack(host, incompletely(trouble), [applied]);
  }
  return {
    steps,
    unjournaled: await finishTables(host, applied, 'applied', after.live.tables),
    flows: await dropStaleFlows(host, seen),
  };
}

/**
 * Root applies a plan: whatever its file claims, each transaction must be one that restore makes now.
 *
 * @throws Fault RG_PLAN
 */
function plansIn(
  tables: readonly string[],
  { tables: side }: Observation,
): { readonly plans: readonly TablePlan[]; readonly assumeUnchanged: boolean } {
  const wanted = new Set(tables.map(withoutCounts));
  for (const assumeUnchanged of [false, true]) {
    const all = side === undefined ? [] : plansFor(side, { assumeUnchanged });
    // `--family` leaves one of them out.
    const plans = all.filter(({ family }) => {
      const [text] = transactionsOf(all.filter((plan) => plan.family === family));
      return text !== undefined && wanted.has(withoutCounts(text));
    });
    const made = new Set(transactionsOf(plans).map(withoutCounts));
    if ([...wanted].every((text) => made.has(text))) return { plans, assumeUnchanged };
  }
  throw otherPlan("it holds a transaction that is none of restore's");
}

/** What was counted changes by itself. */
const withoutCounts = (text: string): string => text.replaceAll(/ packets \d+ bytes \d+/g, '');
