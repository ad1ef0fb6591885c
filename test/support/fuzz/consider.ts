import { type Planning, planFor } from '../../../src/reconcile/repair-plan.ts';
import { Fault } from '../../../src/fault.ts';
import type { Plan } from '../../../src/firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../../src/firewall/iptables/plan/simulate-plan.ts';
import { FAMILIES, type Family } from '../../../src/net/family.ts';
import type { Ruleset } from '../../../src/firewall/iptables/text/model.ts';
import { TARGETS } from '../../../src/firewall/iptables/text/targets.ts';
import { targetOf } from '../../../src/firewall/iptables/text/view.ts';
import { checkJson } from '../../../src/report/check/json.ts';
import { checkNagios } from '../../../src/report/check/nagios.ts';
import { checkText } from '../../../src/report/check/text.ts';
import { verdictOf } from '../../../src/reconcile/verdict/verdict.ts';
import { driftDiff } from '../../../src/report/diff.ts';
import { planText } from '../../../src/report/plan-text.ts';
import { paintWith } from '../../../src/report/text.ts';
import type { Observation } from '../../../src/reconcile/observation.ts';
import type { Verdict } from './campaign.ts';
import { expectQuiet } from './quiet.ts';
import { refuseUnsound } from './sound.ts';

const paint = paintWith(false);

/** Everything check and a dry run of restore make of a look: told without a byte that moves a terminal, and a sound plan. */
export function consider(seen: Observation, planning: Planning): Plan {
  const { findings, drift, live } = seen;
  const head = {
    baseline: undefined,
    engine: undefined,
    firewallBackend: undefined,
    variant: live.variant,
    rules: 1,
  };
  const packets = { judged: false, why: 'no Engine answers', unread: [] } as const;
  const verdict = verdictOf({ findings, packets, acceptances: [], today: '2026-01-01' });
  const told = { verdict, findings, removals: new Map<string, string>() };
  expectQuiet('check', checkText({ ...told, head }, paint, 'all'));
  expectQuiet('check --nagios', checkNagios(verdict, 1).line);
  expectQuiet('check --diff', driftDiff(drift));
  JSON.stringify(
    checkJson({ firewallBackend: null, variant: 'nft', baseline: null, engine: null, rules: 1, ...told }),
  );
  const plan = planFor(seen, planning);
  refuseUnsound(plan);
  expectQuiet('restore --dry-run', planText(plan, paint));
  const { refusals } = simulatePlan(plan, live.rules);
  if (refusals[0] === undefined) return plan;
  // No kernel holds such rules, so only a turned save shows them: restore writes nothing then, and says so.
  if (leadsNowhere(live.rules)) throw new Fault('RG_PLAN', 1, refusals[0].reason);
  throw new Error(`the plan cannot be applied\n${refusals[0].reason}`);
}

/** Whether a rule jumps to a chain that its table lacks. */
const leadsNowhere = (rules: Readonly<Record<Family, Ruleset>>): boolean =>
  FAMILIES.some((family) =>
    [...rules[family].tables.values()].some((table) =>
      [...table.chains.values()].some((chain) =>
        chain.rules.some(({ text }) => {
          const target = targetOf(text);
          return target !== undefined && !TARGETS.has(target) && !table.chains.has(target);
        }),
      ),
    ),
  );

/** The rules a plan adds to Docker's chains, DOCKER-USER's content apart. */
export const addedBy = (plan: Plan): readonly string[] =>
  FAMILIES.flatMap((family) =>
    plan.families[family].tables.flatMap(({ table, steps }) =>
      steps.flatMap((step) =>
        'rule' in step && step.op !== 'delete' && step.chain !== 'DOCKER-USER'
          ? [`${family} ${table} ${step.rule.text}`]
          : [],
      ),
    ),
  );

/** A fault is an answer in words, if it is one that can be printed; anything else that is thrown is a crash. */
export function judged(work: () => void): Verdict {
  try {
    work();
    return 'past';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return 'refused';
  }
}
