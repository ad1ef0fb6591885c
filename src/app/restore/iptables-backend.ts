import type { LeftOut } from '../../firewall/iptables/plan/edit.ts';
import { isEmptyPlan, withdrawKey, type LeaveAsIs, type Plan } from '../../firewall/iptables/plan/plan.ts';
import type { RestoreInput, Step, TableInput } from '../../firewall/iptables/text/restore-input.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { planFor, type Planning } from '../../reconcile/repair-plan.ts';
import { apply, type Applied, type Applier } from './apply.ts';
import { CHANGED_BACK, keyOf, KEPT_CHANGING, type RepairAttempts } from './attempts.ts';
import { ownedLive, provable, type Proof } from './proof.ts';
import { UNTIL_NOT_LISTED, type Backend, type Outcome, type RepairProgress } from './rounds.ts';

/** What is remembered between rounds. */
export interface IptablesMemory {
  readonly proof: Proof;
  /** Rules the tool does not take (as `withdrawKey`), and why. */
  readonly unloadable: ReadonlyMap<string, string>;
}

export type IptablesProgress = RepairProgress<Applied, IptablesMemory>;

/**
 * How rules of iptables are repaired in rounds.
 *
 * @param earlier - what earlier restores wrote that never came to their end, as `withdrawKey`
 */
export function iptablesBackend(
  host: Applier,
  reference: Reference,
  planning: Planning & { readonly continues?: string | undefined },
  earlier: ReadonlySet<string>,
): Backend<Plan, Applied, IptablesMemory> {
  const planOf = (at: IptablesProgress): Plan => {
    const { seen, done, attempts, memory } = at;
    const withdraw = new Set([...earlier, ...writtenBy(done.map(({ plan }) => plan))]);
    const plan = planFor(seen, planning, {
      ...{ withdraw, unloadable: memory.unloadable },
      leave: leaveBy(attempts),
    });
    return withoutHopeless(plan, attempts);
  };
  return {
    plan: planOf,
    isEmpty: isEmptyPlan,
    prove: async (first, at) => {
      const proof = at.memory.proof.copy(host);
      const unloadable = new Map(at.memory.unloadable);
      const memory = { proof, unloadable };
      const plan = await provable(
        first,
        unloadable,
        () => planOf({ ...at, memory }),
        (one) => proof.prove(one, ownedLive(at.seen)),
      );
      return { plan, memory };
    },
    certain: (plan, { seen, attempts, memory }) =>
      memory.proof.certain(oneTableWhereRefused(plan, attempts), ownedLive(seen)),
    keysOf: (plan) => tablesOf(plan).flatMap(([family, table]) => keysOf(family, table)),
    textsOf: textsIn,
    takesLeftovers: (plan) =>
      tablesOf(plan).some(([, { steps }]) => {
        const put = textsPut(steps);
        return steps.some((step) => step.op === 'delete' && !put.has(step.rule.text));
      }),
    apply: async (plan, { seen, done }) => {
      const applied = await apply(
        host,
        plan,
        seen.live,
        {
          action: 'restore',
          baseline: reference.stored?.digest ?? null,
          undoes: null,
          continues: done.at(-1)?.noted.id ?? planning.continues ?? null,
        },
        true,
      );
      return outcomeOf(applied);
    },
    settlesIn: (plan, seen) => (bringsIdleNetwork(plan, seen) ? UNTIL_NOT_LISTED : 0),
  };
}

/** Texts of all rules that a plan names. */
export const textsIn = (plan: Plan): readonly string[] =>
  stepsOf(plan).flatMap((step) => ('rule' in step ? [step.rule.text] : []));

/** What plans wrote, as `withdrawKey`: a container may have stopped between the Engine's reply and the apply. */
export const writtenBy = (plans: readonly Plan[]): ReadonlySet<string> =>
  new Set(
    plans.flatMap((plan) =>
      tablesOf(plan).flatMap(([family, { table, steps }]) =>
        [...textsPut(steps)].map((text) => withdrawKey(family, table, text)),
      ),
    ),
  );

/** What a repair leaves at its end that it could have written: to another writer, or because the kernel refused it. */
export const leftBy = ({ leftOut }: Plan, attempts: RepairAttempts): readonly LeftOut[] =>
  leftOut.filter(
    ({ family, table, reason }) =>
      reason === CHANGED_BACK ||
      reason === KEPT_CHANGING ||
      reason === UNCLOSED ||
      reason === attempts.whyRefused(family, table),
  );

/** Why a translation of a loopback address waits. */
const UNCLOSED = 'table raw, which keeps others from this address, is refused';

function leaveBy(attempts: RepairAttempts): LeaveAsIs {
  return (family, table, what) => {
    const [, how, moved = what] = /^(move|take) (.*)$/s.exec(what) ?? [];
    const changedBack = attempts.whyLeft(keyOf(family, table, how === 'move' ? moved : what));
    if (changedBack !== undefined || how !== undefined) return changedBack;
    if (table === 'nat' && / -d 127\./.test(what) && attempts.whyRefused(family, 'raw') !== undefined)
      return UNCLOSED;
    return attempts.whyRefused(family, table) ?? attempts.whyLate();
  };
}

/** A plan without the tables that the kernel does not even let leftovers be taken out of. */
function withoutHopeless(plan: Plan, attempts: RepairAttempts): Plan {
  const isHopeless = ([family, { table }]: TableOfFamily): boolean => attempts.isHopeless(family, table);
  const hopeless = tablesOf(plan).filter(isHopeless);
  if (hopeless.length === 0) return plan;
  const leftOut = hopeless.flatMap(([family, { table, steps }]) =>
    steps.flatMap((step): readonly LeftOut[] => {
      const reason = attempts.whyRefused(family, table) ?? '';
      return 'rule' in step ? [{ family, table, chain: step.chain, rule: step.rule.text, reason }] : [];
    }),
  );
  return {
    ...withTables(plan, (family, tables) => tables.filter((one) => !isHopeless([family, one]))),
    leftOut: [...plan.leftOut, ...leftOut],
  };
}

/** Of a family that was refused last time only the first table: which of them it was is then known. */
const oneTableWhereRefused = (plan: Plan, attempts: RepairAttempts): Plan =>
  withTables(plan, (family, tables) => (attempts.wasRefused(family) ? tables.slice(0, 1) : tables));

function outcomeOf(applied: Applied): Outcome<Applied> {
  const { plan, refusals } = applied;
  return {
    applied,
    written: tablesOf(plan).flatMap(([family, table]) =>
      refusals[family] === undefined ? keysOf(family, table) : [],
    ),
    tables: FAMILIES.flatMap((family) => {
      const { tables } = plan.families[family];
      const refused = refusals[family];
      // Which of several was refused is not known; those before it are taken, and not in the next plan.
      const tried = refused === undefined ? tables : tables.slice(0, 1);
      return tried.map(({ table }) => ({ family, table, refused }));
    }),
  };
}

/** Whether a plan writes rules of a network that nobody is on: only such a one may be about to be removed. */
function bringsIdleNetwork(plan: Plan, { engine }: Observation): boolean {
  if (!engine.answered) return false;
  const { networks, endpoints } = engine.inventory;
  const inUse = new Set(endpoints.map(({ bridge }) => bridge));
  const idle = networks.filter(({ bridge, isDefault }) => !isDefault && !inUse.has(bridge));
  if (idle.length === 0) return false;
  const words = new Set(
    tablesOf(plan).flatMap(([, { steps }]) => [...textsPut(steps)].flatMap((text) => text.split(' '))),
  );
  return idle.some(({ bridge }) => words.has(bridge));
}

type TableOfFamily = readonly [Family, TableInput];

const tablesOf = (plan: Plan): readonly TableOfFamily[] =>
  FAMILIES.flatMap((family) => plan.families[family].tables.map((table) => [family, table] as const));

const stepsOf = (plan: Plan): readonly Step[] => tablesOf(plan).flatMap(([, { steps }]) => steps);

const textsPut = (steps: readonly Step[]): ReadonlySet<string> =>
  new Set(steps.flatMap((step) => ('rule' in step && step.op !== 'delete' ? [step.rule.text] : [])));

function keysOf(family: Family, { table, steps }: TableInput): readonly string[] {
  const put = textsPut(steps);
  return steps.flatMap((step) => {
    if (!('rule' in step))
      return [keyOf(family, table, step.op === 'policy' ? `-P ${step.chain}` : `:${step.chain}`)];
    const { text } = step.rule;
    if (step.op !== 'delete') return [keyOf(family, table, text)];
    return put.has(text) ? [] : [keyOf(family, table, `take ${text}`)];
  });
}

function withTables(
  plan: Plan,
  change: (family: Family, tables: readonly TableInput[]) => readonly TableInput[],
): Plan {
  const of = (family: Family): RestoreInput => ({ tables: change(family, plan.families[family].tables) });
  return { ...plan, families: { ipv4: of('ipv4'), ipv6: of('ipv6') } };
}
