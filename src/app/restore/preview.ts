import { storePlan } from '../../firewall/iptables/plan/plan-json.ts';
import type { Plan } from '../../firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../firewall/iptables/plan/simulate-plan.ts';
import type { TablePlan } from '../../firewall/nftables/plan/plan.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import type { Family } from '../../net/family.ts';
import { noticesOf } from '../../reconcile/notices.ts';
import { heldToWrite, type HeldTable } from '../../reconcile/tables/declared-tables.ts';
import type { Observation } from '../../reconcile/observation.ts';
import { planFor } from '../../reconcile/repair-plan.ts';
import { digestOfLive } from '../observe/digests.ts';
import { plansFor } from '../../reconcile/tables/side.ts';
import { policiesLeft, type PolicyLeft } from '../../reconcile/repair-result.ts';
import type { Listener } from '../events.ts';
import { observe } from '../observe/observe.ts';
import { openReference, type ReferenceArgs } from '../observe/open-reference.ts';
import type { Host } from '../ports.ts';
import type { RepairOptions } from './repair.ts';
import { sayOpenings, type RestoreEvent } from './restore.ts';
import { transactionsOf } from './tables/apply-tables.ts';

/** What a restore would do. */
export interface Preview {
  readonly observation: Observation;
  /** Of both families. */
  readonly full: Plan;
  /** Of the family asked for. */
  readonly plan: Plan;
  /** Of Docker's own tables, and the family asked for; undefined where its rules are in iptables. */
  readonly tables: readonly TablePlan[] | undefined;
  /** Declared tables of nftables that it makes anew, before anything of Docker's. */
  readonly held: readonly HeldTable[];
  /** The rules as `plan` would leave them, computed on demand. */
  readonly rulesAfter: () => HostRules;
  /** The policies that differ from what was recorded, and that it leaves. */
  readonly policies: readonly PolicyLeft[];
}

/**
 * Plans a restore; touches no rule, and needs no lock.
 *
 * @param family - undefined for both
 * @param planOut - a file to write the plan to
 */
export async function previewRestore(
  host: Host,
  args: ReferenceArgs,
  options: RepairOptions,
  { family, planOut }: { readonly family: Family | undefined; readonly planOut: string | undefined },
  on: Listener<RestoreEvent>,
): Promise<Preview> {
  const reference = await openReference(args, host.baselines);
  on({ kind: 'step', step: 'reading' });
  const observation = await observe(host, reference);
  for (const notice of noticesOf(reference, observation)) on({ kind: 'notice', notice });
  const full = planFor(observation, options);
  const plan = family === undefined ? full : onlyFamily(full, family);
  const tables =
    observation.tables &&
    plansFor(observation.tables, options).filter((one) => family === undefined || one.family === family);
  sayOpenings(reference, observation, plan, on);
  if (planOut !== undefined)
    await host.writePlanFile(planOut, {
      version: 1,
      created: new Date(host.now()).toISOString(),
      host: host.host().host,
      variant: observation.live.variant,
      baseline: reference.stored?.digest ?? null,
      source: reference.source,
      live: digestOfLive(observation.live),
      ...storePlan(plan),
      ...(tables === undefined ? {} : { tables: transactionsOf(tables) }),
    });
  return {
    observation,
    full,
    plan,
    tables,
    held: heldToWrite(observation.live.held, options.changed),
    rulesAfter: () => simulatePlan(plan, observation.live.rules).rules,
    policies: policiesLeft(observation).filter(
      ({ isNotRequired }) => options.policies === 'leave' || isNotRequired,
    ),
  };
}

function onlyFamily(plan: Plan, family: Family): Plan {
  return {
    leftOut: plan.leftOut.filter((left) => left.family === family),
    families: { ipv4: { tables: [] }, ipv6: { tables: [] }, [family]: plan.families[family] },
  };
}
