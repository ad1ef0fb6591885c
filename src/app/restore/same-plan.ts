import type { Plan } from '../../firewall/iptables/plan/plan.ts';
import { renderStep, type Step } from '../../firewall/iptables/text/restore-input.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { Observation } from '../../reconcile/observation.ts';
import { planFor, type Planning } from '../../reconcile/repair-plan.ts';
import { otherPlan } from './plan-faults.ts';

/**
 * Root applies a plan: whatever its file claims, each family's steps must be those that restore makes now of the same rules,
 * or none at all (`--family`). A step left away may be the one that closes again what an earlier one opens.
 */
export function refuseOtherPlan(plan: Plan, seen: Observation): void {
  const made = WAYS.map((planning) => planFor(seen, planning));
  for (const family of FAMILIES) {
    const steps = linesOf(plan, family);
    if (steps.length === 0) continue;
    const differences = made.map((one) => differenceOf(steps, linesOf(one, family)));
    const [difference] = differences.toSorted((a, b) => b.at - a.at);
    if (difference === undefined || differences.some(({ says }) => says === undefined)) continue;
    throw otherPlan(`${family}: ${difference.says ?? ''}`);
  }
}

/** How `--plan-out` may have been called. */
const WAYS: readonly Planning[] = (['leave', 'restore'] as const).flatMap((policies) =>
  [false, true].map((assumeUnchanged) => ({ policies, assumeUnchanged })),
);

/** A family's steps as lines, tables in their order; counters change by themselves. */
const linesOf = (plan: Plan, family: Family): readonly string[] =>
  plan.families[family].tables.flatMap(({ table, steps }) =>
    steps.map((step) => `${table}: ${renderStep(withoutCounters(step))}`),
  );

const withoutCounters = (step: Step): Step => {
  if (step.op === 'policy') return { ...step, counters: '' };
  return 'rule' in step ? { ...step, rule: { ...step.rule, counters: '' } } : step;
};

/** Where two plans part; `says` is undefined where they do not. */
function differenceOf(
  steps: readonly string[],
  made: readonly string[],
): { readonly at: number; readonly says: string | undefined } {
  const at = Array.from({ length: Math.max(steps.length, made.length) }).findIndex(
    (_, i) => steps[i] !== made[i],
  );
  if (at === -1) return { at: steps.length, says: undefined };
  const [is, should] = [steps[at], made[at]];
  const says =
    is === undefined || made.includes(is)
      ? `it leaves out a step: ${should ?? is ?? ''}`
      : `it holds a step that is none of restore's: ${is}`;
  return { at, says };
}
