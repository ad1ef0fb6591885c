import { Fault } from '../../fault.ts';
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
import { Proof } from './proof.ts';
import { ownedLive } from './repair.ts';
import { dropStaleFlows } from './restore.ts';
import { refuseOtherPlan } from './same-plan.ts';
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
    const live = await host.readVariant(file.variant);
    if (digestOfRules(live.rules) !== file.live)
      throw new Fault('RG_CHANGED', 1, 'not applied: the live rules have changed since the plan was made', {
        hint: `Make and review it again: rulesguard restore --plan-out ${path}`,
      });
    const reference = { source: file.source, stored, trusting: trustBaseline === true };
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
      const fault = new Fault('RG_NOT_REPAIRED', 1, 'the plan could not be applied completely', {
        details: [trouble],
        hint: 'See what is there now (rulesguard check), then make the plan again: rulesguard restore --plan-out FILE',
      });
      throw await faultAfterUndo(host, fault, [applied]);
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
