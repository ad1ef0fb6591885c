import type { OwnedRule } from '../docker/ownership.ts';
import { FAMILIES, type Family, type Rule, type Table } from '../iptables/model.ts';
import type { RestoreInput, Step, TableInput } from '../iptables/restore-input.ts';
import { TARGETS } from '../iptables/targets.ts';
import { targetOf } from '../iptables/view.ts';
import type { ChainDrift, Drift, Sides } from './compare.ts';
import { outOfOrder } from './order.ts';
import { place, type Placement } from './position.ts';

/** A recorded rule that is not put back, and why. */
export interface LeftOut {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
  readonly reason: string;
}

/** The ordered edits that bring Docker's rules back: a value that can be printed, stored, simulated and applied. */
export interface Plan {
  readonly families: Readonly<Record<Family, RestoreInput>>;
  readonly leftOut: readonly LeftOut[];
}

export interface PlanOptions {
  /** Whether FORWARD policies are set back to what was recorded. */
  readonly policies: 'restore' | 'leave';
}

/** A half-applied restore must fail closed: what drops comes before what lets through (DESIGN §5). */
const TABLE_ORDER = ['raw', 'mangle', 'filter', 'nat'];

/**
 * Plans the repair of a drift: the fewest edits, each rule where it belongs, chains without findings untouched, foreign
 * rules neither named nor moved. Near-linear in the size of the chains that differ.
 *
 * @param drift - {@link compare} of the same `sides`
 */
export function planRepair(drift: Drift, sides: Sides, options: PlanOptions): Plan {
  const leftOut: LeftOut[] = [];
  const familyInput = (family: Family): RestoreInput => ({
    tables: TABLE_ORDER.flatMap((table): readonly TableInput[] => {
      const chains = drift.chains.filter((chain) => chain.family === family && chain.table === table);
      const policies = options.policies === 'restore' ? drift.policies.filter((policy) => policy.family === family && policy.table === table) : [];
      const live = sides.live[family].tables.get(table);
      const creates = chains.flatMap((chain): readonly Step[] => (chain.exists || chain.base.builtin ? [] : [{ op: 'create', chain: chain.chain }]));
      const known = new Set([...(live?.chains.keys() ?? []), ...creates.map((step) => step.chain)]);
      const steps: readonly Step[] = [
        ...creates,
        ...policies.map((policy): Step => ({ op: 'policy', chain: policy.chain, policy: policy.was, counters: countersOf(live, policy.chain) })),
        ...chains.flatMap((chain) => chainSteps(chain, known, leftOut)),
      ];
      return steps.length === 0 ? [] : [{ table, steps }];
    }),
  });
  const families = Object.fromEntries(FAMILIES.map((family) => [family, familyInput(family)])) as Record<Family, RestoreInput>;
  return { families, leftOut };
}

/** Whether a plan has nothing to do. */
export function isEmptyPlan(plan: Plan): boolean {
  return FAMILIES.every((family) => plan.families[family].tables.length === 0);
}

const countersOf = (live: Table | undefined, chain: string): string => live?.chains.get(chain)?.counters ?? '';

function chainSteps(drift: ChainDrift, known: ReadonlySet<string>, leftOut: LeftOut[]): readonly Step[] {
  const put = [...drift.missing, ...drift.lostContent].filter((index) => {
    const rule = drift.base.rules[index]?.rule;
    const target = rule === undefined ? undefined : targetOf(rule.text);
    if (rule === undefined || target === undefined || TARGETS.has(target) || known.has(target)) return true;
    leftOut.push({ family: drift.family, table: drift.table, chain: drift.chain, rule: rule.text, reason: `chain ${target}, which it jumps to, no longer exists` });
    return false;
  });
  const moved = new Set([...drift.misplaced, ...drift.surplus.keys()]);
  const edit = editSteps(drift, put, moved);
  if (isOrdered(edit)) return edit.steps;
  // Anchors in an order of their own can mislead; putting all of Docker's rules in this chain anew never does.
  const all = new Set(drift.live.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));
  return editSteps(drift, put, all).steps;
}

interface Edit {
  readonly steps: readonly Step[];
  readonly result: readonly OwnedRule[];
}

/**
 * Deletes every copy of the rules to move, then inserts these and the missing ones. All copies, because a delete by value
 * takes the first copy, which may be the one that stands right.
 */
function editSteps(drift: ChainDrift, put: readonly number[], moved: ReadonlySet<string>): Edit {
  const { chain, base, live } = drift;
  const standing = live.filter(({ rule }) => !moved.has(rule.text));
  const removed = live.filter(({ rule }) => moved.has(rule.text));
  const placements = [...recordedPlacements(drift, put, moved, removed), ...strayPlacements(base.rules, removed)];
  const placed = place(base.rules, standing, placements);
  const deletes = removed.map(({ rule }): Step => ({ op: 'delete', chain, rule }));
  const inserts = placed.map(({ owned, gap }, i): Step => {
    // Behind the last standing rule an append says the same, and needs no counting by the kernel's tool.
    if (gap === standing.length) return { op: 'append', chain, rule: owned.rule };
    return { op: 'insert', chain, position: gap + i + 1, rule: owned.rule };
  });
  return { steps: [...deletes, ...inserts], result: merge(standing, placed) };
}

/** Recorded rules to put: the missing ones, and those taken out to be moved, with the counters they had a moment ago. */
function recordedPlacements({ base }: ChainDrift, put: readonly number[], moved: ReadonlySet<string>, removed: readonly OwnedRule[]): readonly Placement[] {
  const wanted = new Set(put);
  const counters = new Map<string, string>();
  for (const { rule } of removed) if (!counters.has(rule.text)) counters.set(rule.text, rule.counters);
  return base.rules.flatMap((owned, baseIndex): readonly Placement[] => {
    const isMoved = owned.owner === 'docker' && moved.has(owned.rule.text);
    if (!isMoved && !wanted.has(baseIndex)) return [];
    return [{ owned: withCounters(owned, counters.get(owned.rule.text)), baseIndex }];
  });
}

/** Rules taken out to be moved that the baseline has not seen. */
function strayPlacements(base: readonly OwnedRule[], removed: readonly OwnedRule[]): readonly Placement[] {
  const recorded = new Set(base.map(({ rule }) => rule.text));
  return removed.flatMap((owned): readonly Placement[] => (recorded.has(owned.rule.text) ? [] : [{ owned, baseIndex: undefined }]));
}

const withCounters = (owned: OwnedRule, counters: string | undefined): OwnedRule => {
  if (counters === undefined || counters === owned.rule.counters) return owned;
  const rule: Rule = { ...owned.rule, counters };
  return { ...owned, rule };
};

function merge(standing: readonly OwnedRule[], placed: readonly { readonly owned: OwnedRule; readonly gap: number }[]): readonly OwnedRule[] {
  const result: OwnedRule[] = [];
  let next = 0;
  standing.forEach((owned, index) => {
    for (; next < placed.length && (placed[next]?.gap ?? 0) <= index; next++) result.push((placed[next] as { owned: OwnedRule }).owned);
    result.push(owned);
  });
  for (const { owned } of placed.slice(next)) result.push(owned);
  return result;
}

const isOrdered = ({ result }: Edit): boolean => outOfOrder(result.filter(({ owner }) => owner === 'docker')).size === 0;
