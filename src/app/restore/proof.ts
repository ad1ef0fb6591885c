import { isEmptyPlan, withdrawKey, type Plan } from '../../firewall/iptables/plan/plan.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { simulatePlan } from '../../firewall/iptables/plan/simulate-plan.ts';
import {
  renderStep,
  type RestoreInput,
  type TableInput,
} from '../../firewall/iptables/text/restore-input.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { Fault } from '../../fault.ts';
import { RuleRefused } from '../../firewall/iptables/plan/rule-refused.ts';
import type { OwnedLive } from '../../host/xtables/rehearse-plan.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { Writer } from '../ports.ts';

/**
 * What of the plans of one repair has been rehearsed. A rehearsal takes a fifth of a second, and beside a busy dockerd the
 * rules have changed when it is over: a plan made again from them is nearly the same one. What only the real tool can
 * say, whether it takes these rules and saves them as they were written, has been said then; where each goes, the
 * simulation knows as well (docs/decisions/003).
 */
export class Proof {
  /** Each step that was, wherever in its chain. */
  readonly rehearsed: ReadonlySet<string>;
  private readonly steps: Set<string>;
  private readonly host: Pick<Writer, 'rehearse'>;
  private readonly rehearse: boolean;

  /** @param rehearse - whether plans are tried with the real tool, not in memory alone */
  constructor(host: Pick<Writer, 'rehearse'>, rehearse: boolean, rehearsed: Iterable<string> = []) {
    this.steps = new Set(rehearsed);
    this.rehearsed = this.steps;
    this.host = host;
    this.rehearse = rehearse;
  }

  /** A proof of its own that begins with what this one holds. @param host - where it goes on rehearsing */
  copy(host: Pick<Writer, 'rehearse'>): Proof {
    return new Proof(host, this.rehearse, this.rehearsed);
  }

  /**
   * What of a plan is proven: of each family the tables in front of the first with a step that, wherever in its chain, was part of no plan that was
   * rehearsed. What closes comes first, so none may be left out before another.
   *
   * @throws Fault RG_PLAN when the kernel would refuse it
   */
  certain(plan: Plan, { live }: Pick<OwnedLive, 'live'>): Plan {
    const provenOf = (family: Family): RestoreInput => {
      const { tables } = plan.families[family];
      const end = tables.findIndex((one) => !stepsOfTable(family, one).every((step) => this.isProven(step)));
      return end < 0 ? { tables } : { tables: tables.slice(0, end) };
    };
    const certain: Plan = { ...plan, families: { ipv4: provenOf('ipv4'), ipv6: provenOf('ipv6') } };
    refuseUnappliable(certain, live);
    return certain;
  }

  private isProven(step: string): boolean {
    return !this.rehearse || this.rehearsed.has(step);
  }

  /**
   * Simulates a plan, and rehearses it unless that has been done.
   *
   * @throws Fault RG_PLAN or RG_REHEARSAL; nothing has been changed then
   */
  async prove(plan: Plan, stage: OwnedLive): Promise<void> {
    refuseUnappliable(plan, stage.live);
    if (!stepsOf(plan).every((step) => this.isProven(step))) await this.host.rehearse(plan, stage);
    for (const step of stepsOf(plan)) this.steps.add(step);
  }
}

function refuseUnappliable(plan: Plan, live: Live): void {
  const [refusal] = simulatePlan(plan, live.rules).refusals;
  if (refusal === undefined) return;
  throw new Fault(
    'RG_PLAN',
    1,
    `the plan cannot be applied, so nothing was changed: ${refusal.family} table ${refusal.table}, ${refusal.reason}`,
    { details: [renderStep(refusal.step)] },
  );
}

/** What a plan consists of, as a proof remembers it. */
export const stepsOf = (plan: Plan): readonly string[] =>
  FAMILIES.flatMap((family) => plan.families[family].tables.flatMap((table) => stepsOfTable(family, table)));

const stepsOfTable = (family: Family, { table, steps }: TableInput): readonly string[] =>
  steps.map((step) => {
    const what = 'rule' in step ? `${step.op === 'delete' ? 'take' : 'put'} ${step.rule.text}` : step.op;
    return `${family} ${table} ${step.chain} ${what}`;
  });

/** Rules of one repair that the tool may refuse before it is given up. */
const MAX_REFUSED = 50;

/** Proves a plan, without each rule that the tool refuses: one missing set must not keep all else from coming back. */
export async function provable(
  plan: Plan,
  unloadable: Map<string, string>,
  again: () => Plan,
  prove: (plan: Plan) => Promise<void>,
): Promise<Plan> {
  for (let current = plan; ; current = again()) {
    try {
      if (!isEmptyPlan(current)) await prove(current);
      return current;
    } catch (error) {
      if (!(error instanceof RuleRefused) || unloadable.size >= MAX_REFUSED) throw error;
      const { family, table, rule, said } = error;
      const key = withdrawKey(family, table, rule);
      if (unloadable.has(key)) throw error;
      unloadable.set(key, `iptables does not take it: ${firstLine(said)}`);
    }
  }
}

const firstLine = (said: string): string => (said.split('\n')[0] ?? '').replaceAll(/[^\x20-\x7e]/g, '?');

/** What a plan made of an observation is applied to. */
export const ownedLive = ({ live, sides }: Observation): OwnedLive => ({ live, owned: sides.liveOwned });
