import type { Live } from '../../firewall/iptables/text/live.ts';
import { loadPlan } from '../../firewall/iptables/plan/plan-json.ts';
import { countSteps, isEmptyPlan, type Plan } from '../../firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../firewall/iptables/plan/simulate-plan.ts';
import { rehearsalDifference } from '../../firewall/iptables/simulate/rehearsal.ts';
import { FAMILIES } from '../../net/family.ts';
import type { DroppedFlows } from '../../reconcile/flows.ts';
import { observationOf } from '../../reconcile/observation.ts';
import { digestOfRules } from '../observe/digests.ts';
import type { ReferenceArgs } from '../observe/open-reference.ts';
import type { Host } from '../ports.ts';
import { apply, finish } from './apply.ts';
import { ownedLive, Proof } from './proof.ts';
import { changedSince, incompletely } from './plan-faults.ts';
import { dropStaleFlows } from './flows.ts';
import { refuseOtherPlan } from './same-plan.ts';
import { applyTablesPlan } from './tables/apply-tables-plan.ts';
import { faultAfterUndo } from './undo-applied.ts';

/** What applying a reviewed plan came to. */
export interface AppliedPlan {
  /** 0 when the plan had none. */
  readonly steps: number;
  readonly unjournaled: string | undefined;
  readonly flows: DroppedFlows | undefined;
}

/**
 * Applies exactly the plan that was reviewed, and only to the rules it was reviewed for, under the lock.
 *
 * @param baseline - where the baseline of the plan lies when it is not in the state folder
 * @param rehearse - whether it is tried in a network namespace of its own first
 * @throws Fault RG_CHANGED when the rules are others now, RG_PLAN when restore would not make it of them, RG_NOT_REPAIRED when
 *   it could not be applied completely; nothing of it is left then
 */
export function applyPlanFile(
  host: Host,
  path: string,
  { baseline, trustBaseline }: Pick<ReferenceArgs, 'baseline' | 'trustBaseline'>,
  rehearse: boolean,
): Promise<AppliedPlan> {
  return host.withLock(async () => {
    const file = await host.readPlanFile(path);
    const plan = loadPlan(file);
    const stored =
      file.baseline === null ? undefined : await host.baselines.openByDigest(file.baseline, baseline);
    const reference = { source: file.source, stored, trusting: trustBaseline === true };
    if (file.tables !== undefined)
      return applyTablesPlan(host, { ...file, tables: file.tables, path }, reference, rehearse);
    const live = await host.readVariant(file.variant);
    if (digestOfRules(live.rules) !== file.live) throw changedSince(path);
    const seen = observationOf(reference, live, await host.askEngine());
    refuseOtherPlan(plan, seen);
    if (isEmptyPlan(plan)) return { steps: 0, unjournaled: undefined, flows: undefined };
    await new Proof(host, rehearse).prove(plan, ownedLive(seen));
    const applied = await apply(host, plan, live, {
      action: 'restore',
      baseline: file.baseline,
      undoes: null,
      continues: null,
    });
    const after = await host.readVariant(file.variant);
    const trouble = applied.refused ?? differenceFrom(plan, live, after);
    if (trouble !== undefined) {
      throw await faultAfterUndo(host, incompletely(trouble), [applied]);
    }
    const unjournaled = await finish(host, applied, 'applied', after);
    return { steps: countSteps(plan), unjournaled, flows: await dropStaleFlows(host, seen) };
  });
}

/** Where the named tables are not exactly what was simulated. */
function differenceFrom(plan: Plan, live: Live, after: Live): string | undefined {
  const { rules } = simulatePlan(plan, live.rules);
  for (const family of FAMILIES) {
    const named = new Set(plan.families[family].tables.map(({ table }) => table));
    const expected = { tables: new Map([...rules[family].tables].filter(([table]) => named.has(table))) };
    const difference = rehearsalDifference(expected, after.rules[family]);
    if (difference !== undefined) return `${family}, ${difference}`;
  }
  return undefined;
}
