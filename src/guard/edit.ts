import type { OwnedChain, OwnedRule } from '../docker/ownership.ts';
import type { Level } from '../docker/shape.ts';
import type { Family, Rule } from '../iptables/model.ts';
import type { Step } from '../iptables/restore-input.ts';
import { TARGETS } from '../iptables/targets.ts';
import { targetOf } from '../iptables/view.ts';
import type { ChainDrift } from './compare.ts';
import { outOfOrder } from './order.ts';
import { mergePlaced, place, placeAnew, type Placement } from './position.ts';
import { lostPrecedence } from './precedence.ts';

/** A recorded rule that is not put back, and why. */
export interface LeftOut {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
  readonly reason: string;
}

/**
 * The steps that repair one chain, in the order they must run.
 *
 * @param known - every chain of the table once the plan has created the missing ones
 * @param leftOut - takes the rules that cannot be put back
 * @param vouching - `none`: nobody can say whether recorded containers still are what they were
 */
export function chainSteps(
  drift: ChainDrift,
  known: ReadonlySet<string>,
  leftOut: LeftOut[],
  vouching: 'given' | 'none',
): readonly Step[] {
  const put = [...drift.missing, ...drift.lostContent].filter((index) => {
    const owned = drift.base.rules[index];
    const reason = owned === undefined ? undefined : hindrance(owned, known, vouching);
    if (owned === undefined || reason === undefined) return true;
    const { family, table, chain } = drift;
    leftOut.push({ family, table, chain, rule: owned.rule.text, reason });
    return false;
  });
  const moved = new Set([...drift.misplaced, ...drift.surplus.keys()]);
  const edit = editChain(drift, put, moved, place);
  if (isSound(drift.base, edit)) return edit.steps;
  // Anchors in an order of their own can mislead; putting all of Docker's rules in this chain anew never does.
  const all = new Set(drift.live.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));
  return editChain(drift, put, all, placeAnew).steps;
}

/** Levels whose rules hold addresses and ports of containers: a day later they may be somebody else's. */
const PASSING: ReadonlySet<Level> = new Set(['endpoint', 'ingress', 'overlay']);

/** Why a rule cannot be put back; undefined when it can. */
function hindrance(
  { rule: { text }, level, owner }: OwnedRule,
  known: ReadonlySet<string>,
  vouching: 'given' | 'none',
): string | undefined {
  if (vouching === 'none' && owner === 'docker' && level !== undefined && PASSING.has(level))
    return 'no Engine answers that could say whether it still holds';
  if (text.includes('\n')) return 'it holds a newline, which iptables-restore would read as two lines';
  const target = targetOf(text);
  if (target === undefined || TARGETS.has(target) || known.has(target)) return undefined;
  return `chain ${target}, which it jumps to, no longer exists`;
}

interface Edit {
  readonly steps: readonly Step[];
  readonly result: readonly OwnedRule[];
}

/**
 * Deletes every copy of the rules to move, then inserts these and the missing ones. All copies, because a delete by value
 * takes the first copy, which may be the one that stands right.
 */
function editChain(
  drift: ChainDrift,
  put: readonly number[],
  moved: ReadonlySet<string>,
  placing: typeof place,
): Edit {
  const { chain, base, live } = drift;
  const standing = live.filter(({ rule }) => !moved.has(rule.text));
  const removed = live.filter(({ rule }) => moved.has(rule.text));
  const placements = [
    ...recordedPlacements(drift, put, moved, removed),
    ...strayPlacements(base.rules, removed),
  ];
  const placed = placing(base, standing, placements);
  const deletes = removed.map(({ rule }): Step => ({ op: 'delete', chain, rule }));
  const inserts = placed.map(({ owned, gap }, i): Step => {
    // Behind the last standing rule an append says the same, and needs no counting by the kernel's tool.
    if (gap === standing.length) return { op: 'append', chain, rule: owned.rule };
    return { op: 'insert', chain, position: gap + i + 1, rule: owned.rule };
  });
  return { steps: [...deletes, ...inserts], result: mergePlaced(standing, placed) };
}

/**
 * Recorded rules to put: the missing ones, and those taken out to be moved, with the counters they had a moment ago.
 * Docker's RETURN goes behind whatever the user has in DOCKER-USER now: nothing that works may be cut off by a repair.
 */
function recordedPlacements(
  { base, live }: ChainDrift,
  put: readonly number[],
  moved: ReadonlySet<string>,
  removed: readonly OwnedRule[],
): readonly Placement[] {
  const wanted = new Set(put);
  const counters = new Map<string, string>();
  for (const { rule } of removed) if (!counters.has(rule.text)) counters.set(rule.text, rule.counters);
  return base.rules.flatMap((owned, baseIndex): readonly Placement[] => {
    const isMoved = owned.owner === 'docker' && moved.has(owned.rule.text);
    if (!isMoved && !wanted.has(baseIndex)) return [];
    const goesLast =
      base.owner === 'shared' && owned.owner === 'docker' && !isMoved && live.length > removed.length;
    return [
      {
        owned: withCounters(owned, counters.get(owned.rule.text)),
        baseIndex: goesLast ? undefined : baseIndex,
      },
    ];
  });
}

/** Rules taken out to be moved that the baseline has not seen. */
function strayPlacements(base: readonly OwnedRule[], removed: readonly OwnedRule[]): readonly Placement[] {
  const recorded = new Set(base.map(({ rule }) => rule.text));
  return removed.flatMap((owned): readonly Placement[] =>
    recorded.has(owned.rule.text) ? [] : [{ owned, baseIndex: undefined }],
  );
}

const withCounters = (owned: OwnedRule, counters: string | undefined): OwnedRule => {
  if (counters === undefined || counters === owned.rule.counters) return owned;
  const rule: Rule = { ...owned.rule, counters };
  return { ...owned, rule };
};

const isSound = (base: OwnedChain, { result }: Edit): boolean =>
  // A baseline recorded with --force may be out of order itself; then it is no measure.
  outOfOrder(base.rules).size > 0 ||
  (outOfOrder(result).size === 0 && lostPrecedence(base, result).size === 0);
