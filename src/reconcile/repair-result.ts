import type { PolicyDrift } from '../firewall/iptables/compare/drift.ts';
import { makingOf, type LeftOut } from '../firewall/iptables/plan/edit.ts';
import { countSteps, type Plan } from '../firewall/iptables/plan/plan.ts';
import { isDamage, leftAfter, type Finding } from './finding.ts';
import type { DroppedFlows } from './flows.ts';
import type { Observation } from './observation.ts';
import { opensPolicies, type Reference } from './reference.ts';
import { planFor, type Planning } from './repair-plan.ts';

/** What a repair found, did and left undone. */
export interface Repair {
  readonly before: Observation;
  readonly after: Observation;
  /** One plan an apply. */
  readonly plans: readonly Plan[];
  /** Rules the tool does not take here (as `withdrawKey`), and why. */
  readonly unloadable: ReadonlyMap<string, string>;
  /** What it could have written and leaves, and why: another program changed it back each time, or the kernel refused it. */
  readonly left: readonly LeftOut[];
}

/** A FORWARD policy that is not what was recorded. */
export interface PolicyLeft extends PolicyDrift {
  /** Whether Docker no longer needs it: an ACCEPT that `--policies` does not restore either. */
  readonly isNotRequired: boolean;
}

/** The outcome of a repair, counted. */
export interface RepairResult {
  /** Exit code: 1 where something that a repair could do is left. */
  readonly exit: 0 | 1;
  /** How many findings are repaired. */
  readonly repaired: number;
  readonly steps: number;
  readonly leftOut: readonly LeftOut[];
  /** Left to another program that changes it back, or because the kernel refused it. */
  readonly left: readonly LeftOut[];
  /** Policies that are left as they are. */
  readonly policies: readonly PolicyLeft[];
  /** Damage that is left for no reason the plan gave. */
  readonly unexplained: readonly Finding[];
  /** Damage that is left for a reason in `leftOut`. */
  readonly explained: number;
  /** How many rules of containers wait for somebody to say that nothing has changed, as no Engine answers. */
  readonly rulesOfContainers: number;
  /** Containers that lost their networks, which no rule brings back. */
  readonly unconnected: readonly Finding[];
}

/** Counts what a repair did and left. */
export function resultOf(
  { before, after, plans, unloadable, left }: Repair,
  planning: Planning,
): RepairResult {
  const { damage, policies } = leftAfter(after.findings);
  const firstPlan = planFor(before, planning, { unloadable });
  const isLeft = new Set(left.map(keyOfLeft));
  const withheld = (plans[0] ?? firstPlan).leftOut.filter((one) => !isLeft.has(keyOfLeft(one)));
  const leftOut = [...withheld, ...left];
  const broken = before.findings.filter(isDamage);
  // DOCKER-USER counts as intact once any of its content is back: the next check will not name the rest.
  // By the plan of the first observation: a rule whose container has stopped since is stale, and no loss any more.
  const givenUp = firstPlan.leftOut.filter((left) => isAmong(left, broken) && !isAmong(left, damage));
  const unexplained = damage.filter((finding) => !leftOut.some((one) => isAmong(one, [finding])));
  const explained = damage.length - unexplained.length;
  return {
    exit: damage.length + policies.length + givenUp.length > 0 ? 1 : 0,
    repaired: broken.length - damage.length - policies.length - givenUp.length,
    steps: plans.reduce((sum, plan) => sum + countSteps(plan), 0),
    leftOut: withheld,
    left,
    policies: policies.length > 0 ? policiesLeft(after) : [],
    unexplained,
    explained,
    rulesOfContainers:
      after.engine.answered || planning.assumeUnchanged
        ? 0
        : explained - damage.filter((finding) => left.some((one) => isAmong(one, [finding]))).length,
    unconnected: after.findings.filter(({ kind }) => kind === 'unconnected'),
  };
}

/** The policies that differ from what was recorded. */
export function policiesLeft({ drift, engine, own }: Observation): readonly PolicyLeft[] {
  const undeclared = drift.policies.filter(({ declared }) => declared !== true);
  return undeclared.map((policy) => ({
    ...policy,
    isNotRequired: policy.was === 'ACCEPT' && !opensPolicies(engine, own),
  }));
}

const keyOfLeft = ({ family, table, chain, rule }: LeftOut): string => `${family} ${table} ${chain} ${rule}`;

const isAmong = (left: LeftOut, findings: readonly Finding[]): boolean =>
  findings.some(
    ({ rule, family, table, chain }) =>
      (rule ?? makingOf(chain)) === left.rule &&
      family === left.family &&
      table === left.table &&
      chain === left.chain,
  );

/** All that a restore did, for its report. */
export interface RestoreResult extends RepairResult {
  readonly reference: Reference;
  /** What it left. */
  readonly after: Observation;
  /** The network that was made and removed so that Docker itself wrote its tables again. */
  readonly byDocker?: string;
  /** How many times a plan was applied. */
  readonly applies: number;
  /** Ids of journal entries, one an apply; fewer where the journal could not be written. */
  readonly journal: readonly string[];
  /** Why it could not. */
  readonly unjournaled: string | undefined;
  /** What was done about flows that began while their translation was lost; undefined where no UDP port was affected. */
  readonly flows: DroppedFlows | undefined;
  /** How many clients of published UDP ports are still on the path of before; undefined where nobody asked or can tell. */
  readonly stuck: number | undefined;
}
