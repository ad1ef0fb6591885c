import { Fault } from '../fault.ts';
import { loadPlan } from '../guard/plan-json.ts';
import { isEmptyPlan, type Plan } from '../guard/plan.ts';
import { simulatePlan } from '../guard/simulate-plan.ts';
import { rehearsalDifference } from '../guard/rehearsal.ts';
import type { OwnedHost } from '../docker/ownership.ts';
import { FAMILIES } from '../iptables/model.ts';
import { renderStep, type Step } from '../iptables/restore-input.ts';
import { count } from '../report/text.ts';
import { countSteps } from '../report/plan-text.ts';
import { apply, finish, proveApplicable, type ApplyOptions, type Stage } from '../system/apply.ts';
import { digestOfRules } from '../system/digest.ts';
import { readBackend } from '../system/kernel.ts';
import { lookAt } from '../system/look.ts';
import { readPlanFile } from '../system/plan-file.ts';
import { afterTakingBack } from '../system/repair.ts';
import { openBaselineByDigest } from '../system/store.ts';
import { askWord } from '../system/word.ts';
import type { Context, Exit } from './context.ts';
import { mendFlows } from './mend-flows.ts';

/** `restore --plan FILE`: applies exactly what was reviewed, and only to the rules it was reviewed for. */
export async function applyFile(
  path: string,
  baseline: string | undefined,
  options: ApplyOptions,
  context: Context,
): Promise<Exit> {
  const { print, paint } = context;
  const file = await readPlanFile(path);
  const plan = loadPlan(file);
  const stored =
    file.baseline === null
      ? undefined
      : await openBaselineByDigest(options.stateDir, file.baseline, baseline);
  const live = await readBackend(file.backend);
  if (digestOfRules(live.rules) !== file.live) {
    throw new Fault('RG_CHANGED', 1, 'not applied: the live rules have changed since the plan was made', {
      hint: `Make and review it anew: rulesguard restore --plan-out ${path}`,
    });
  }
  const { sides, drift } = lookAt({ source: file.source, stored }, live, await askWord());
  const stage: Stage = { live, owned: sides.liveOwned };
  refuseForeign(plan, [sides.liveOwned, sides.base]);
  if (isEmptyPlan(plan)) {
    print('Nothing to do: the plan has no steps.\n');
    return 0;
  }
  await proveApplicable(plan, stage, options);
  const applied = await apply(
    plan,
    stage,
    { action: 'restore', baseline: file.baseline, undoes: null, continues: null },
    options,
  );
  const after = await readBackend(file.backend);
  const trouble = applied.refused ?? differenceFrom(plan, stage, after);
  if (trouble === undefined) {
    await finish(options.stateDir, applied, 'applied', after);
    print(
      `${paint('green', paint('bold', 'APPLIED'))}  ${count(countSteps(plan), 'step')} of ${path}; read back and compared\n`,
    );
    await mendFlows(drift, sides.base, context);
    return 0;
  }
  const fault = new Fault('RG_NOT_REPAIRED', 1, 'the plan could not be applied whole', {
    details: [trouble],
    hint: 'See what is there now (rulesguard check), then make the plan anew: rulesguard restore --plan-out FILE',
  });
  throw await afterTakingBack(fault, [applied], options);
}

/**
 * Root applies a plan: whatever its file claims, each step may touch only Docker's chains, its rules where they belong,
 * and the policy of FORWARD. What a user wrote into DOCKER-USER may come back, but never go.
 */
function refuseForeign(plan: Plan, sides: readonly OwnedHost[]): void {
  for (const family of FAMILIES) {
    const chains = sides.flatMap(({ families }) =>
      [...families[family].values()].flatMap((table) => [...table.values()]),
    );
    const own = chains.filter(({ owner }) => owner !== 'foreign');
    const known = new Set([
      ...own.map(({ table, name }) => `${table} ${name}`),
      ...chains.flatMap(({ table, rules }) =>
        rules.flatMap(({ owner, rule }) => (owner === 'foreign' ? [] : [`${table} ${rule.text}`])),
      ),
    ]);
    const users = new Set(
      chains.flatMap(({ table, rules }) =>
        rules.flatMap(({ owner, rule }) => (owner === 'shared' ? [`${table} ${rule.text}`] : [])),
      ),
    );
    const isOwn = (table: string, step: Step): boolean => {
      if (step.op === 'policy') return table === 'filter' && step.chain === 'FORWARD';
      if (!('rule' in step)) return known.has(`${table} ${step.chain}`);
      const rule = `${table} ${step.rule.text}`;
      return step.rule.chain === step.chain && known.has(rule) && !(step.op === 'delete' && users.has(rule));
    };
    for (const { table, steps } of plan.families[family].tables) {
      const stranger = steps.find((step) => !isOwn(table, step));
      if (stranger === undefined) continue;
      throw new Fault('RG_PLAN', 3, "the plan is not used: it holds a rule that is not Docker's", {
        details: [`${family} ${table}: ${renderStep(stranger)}`],
        hint: 'Make it anew: rulesguard restore --plan-out FILE',
      });
    }
  }
}

function differenceFrom(plan: Plan, { live }: Stage, after: Stage['live']): string | undefined {
  const { rules } = simulatePlan(plan, live.rules);
  for (const family of FAMILIES) {
    const named = new Set(plan.families[family].tables.map(({ table }) => table));
    const expected = { tables: new Map([...rules[family].tables].filter(([table]) => named.has(table))) };
    const difference = rehearsalDifference(expected, after.rules[family]);
    if (difference !== undefined) return `${family}, ${difference}`;
  }
  return undefined;
}
