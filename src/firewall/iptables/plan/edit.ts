import type { OwnedChain, OwnedRule } from '../ownership/ownership.ts';
import type { Level } from '../ownership/purpose.ts';
import { deletesAsWritten } from '../text/alike.ts';
import type { Family } from '../../../net/family.ts';
import type { Rule } from '../text/model.ts';
import type { Step } from '../text/restore-input.ts';
import { TARGETS } from '../text/targets.ts';
import { targetOf } from '../text/view.ts';
import type { ChainDrift } from '../compare/drift.ts';
import type { Withheld } from '../desired/desired.ts';
import { outOfOrder } from '../order/order.ts';
import { mergePlaced, place, placeAll, type Placement } from '../order/position.ts';
import { bypassedIn, gapOfDeclared, holdsDeclared } from '../order/bypassed.ts';
import { lostPrecedence } from '../order/precedence.ts';
import { withoutExtraCopies, type Edit } from './copies.ts';
import { deletion, insertions, inTheirChains } from './inserts.ts';

/** A recorded rule that is not restored, and why. */
export interface LeftOut {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
  readonly reason: string;
}

/** How a chain that is left unmade is named among the rules left out. */
export const makingOf = (chain: string): string => `-N ${chain}`;

/** What decides whether a rule of one table may be restored. */
export interface Allowance {
  /** Every chain of the table once the plan has created the missing ones. */
  readonly known: ReadonlySet<string>;
  /** Chains that are left unmade, and why. */
  readonly unmade: ReadonlyMap<string, string>;
  /** `unknown`: whether the recorded containers still have their addresses is not known. */
  readonly liveness: 'known' | 'unknown';
  readonly withheld: Withheld;
  /** Why the user's own rules in DOCKER-USER must not be restored. */
  readonly content?: string | undefined;
  /** Why the tool does not take a rule, by the rule's text: a set or an extension that is not there. */
  readonly unloadable: (text: string) => string | undefined;
  /** Why a rule in the wrong place, or one too many, stays there; see `PlanOptions.leave`. */
  readonly leave: (text: string) => string | undefined;
}

/**
 * The steps that repair one chain, in the order they must run.
 *
 * @param leftOut - takes the rules that cannot be restored
 */
export function chainSteps(drift: ChainDrift, allowance: Allowance, leftOut: LeftOut[]): readonly Step[] {
  const { family, table, chain } = drift;
  const put = puttable(drift, allowance, leftOut);
  const wrong = new Set([...drift.misplaced, ...drift.surplus.keys()]);
  const moved = new Set([...wrong].filter((text) => allowance.leave(text) === undefined));
  for (const rule of wrong) {
    const reason = allowance.leave(rule);
    if (reason !== undefined) leftOut.push({ family, table, chain, rule, reason });
  }
  if (!movesAsWritten(drift, moved)) {
    for (const rule of moved) leftOut.push({ family, table, chain, rule, reason: ALIKE });
    return editChain(drift, put, new Set(), place).steps;
  }
  // Doubled rules, and none in a wrong place: the copy that stays is not placed again, which could lead it past a rule of others.
  if (drift.surplus.size > 0 && drift.misplaced.size === 0 && moved.size === wrong.size) {
    const least = withoutExtraCopies(drift)
      .map((single) => withPut(drift, single, put))
      .find((one) => isSound(drift.desired, one) && bypassedIn(drift.desired, one.result).size === 0);
    if (least !== undefined) return least.steps;
  }
  const edit = editChain(drift, put, moved, place);
  if (
    holdsDeclared(drift.desired) &&
    moved.size === wrong.size &&
    bypassedIn(drift.desired, edit.result).size > 0
  )
    return withAllDeclared(drift, put, moved) ?? edit.steps;
  // What stays in the wrong place would have all others moved around it, over and over.
  if (moved.size < wrong.size || isSound(drift.desired, edit)) return edit.steps;
  // Anchors that were reordered can mislead; placing all of Docker's rules in this chain again never does.
  const all = new Set(drift.live.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));
  return (movesAsWritten(drift, all) ? editChain(drift, put, all, placeAll) : edit).steps;
}

/** An edit that goes on with the rules to restore. */
function withPut(drift: ChainDrift, { steps, result }: Edit, put: readonly number[]): Edit {
  if (put.length === 0) return { steps, result };
  const next = editChain({ ...drift, live: result }, put, new Set(), place);
  return { steps: [...steps, ...next.steps], result: next.result };
}

/** All declared rules placed again, in front of what lets through what they stop; undefined where not all of them can be taken out. */
function withAllDeclared(
  drift: ChainDrift,
  put: readonly number[],
  moved: ReadonlySet<string>,
): readonly Step[] | undefined {
  const declared = drift.desired.rules.flatMap((owned) => (owned.declared === true ? [owned.rule.text] : []));
  const all = new Set([...moved, ...declared]);
  if (!movesAsWritten(drift, all)) return undefined;
  const inFront: typeof place = (desired, present, placements) => {
    const gap = gapOfDeclared(desired, present) ?? present.length;
    const isDeclared = ({ owned }: Placement): boolean => owned.declared === true;
    const others = place(
      desired,
      present,
      placements.filter((one) => !isDeclared(one)),
    );
    const placed = [...placements.filter(isDeclared).map(({ owned }) => ({ owned, gap })), ...others];
    return placed.toSorted((a, b) => a.gap - b.gap);
  };
  return editChain(drift, put, all, inFront).steps;
}

/**
 * The indexes of the rules that can be restored. Where a rule that stops packets is left out, no rule behind it that lets
 * packets through is restored: it would let through what the first one was there to stop.
 */
function puttable(drift: ChainDrift, allowance: Allowance, leftOut: LeftOut[]): readonly number[] {
  const { family, table, chain } = drift;
  let unstopped = false;
  return [...drift.missing, ...drift.lostContent]
    .toSorted((a, b) => a - b)
    .filter((index) => {
      const owned = drift.desired.rules[index];
      if (owned === undefined) return true;
      const unloadable = allowance.unloadable(owned.rule.text);
      const reason =
        hindrance(owned, allowance) ??
        unloadable ??
        (unstopped && letsThrough(owned)
          ? 'it comes after a rule that is left out, and would let through what that rule stops'
          : undefined);
      if (unloadable !== undefined && !letsThrough(owned)) unstopped = true;
      if (reason === undefined) return true;
      leftOut.push({ family, table, chain, rule: owned.rule.text, reason });
      return false;
    });
}

const letsThrough = ({ rule }: OwnedRule): boolean =>
  ['ACCEPT', 'RETURN'].includes(targetOf(rule.text) ?? '') && !/^-A \S+ -j RETURN$/.test(rule.text);

/** Why a rule in the wrong place is not deleted. */
export const ALIKE =
  'other rules of the chain differ only in the length of a prefix, and ip6tables could delete the wrong one';

const movesAsWritten = ({ live }: ChainDrift, moved: ReadonlySet<string>): boolean => {
  const texts = live.map(({ rule }) => rule.text);
  return deletesAsWritten(
    texts,
    texts.filter((text) => moved.has(text)),
  );
};

/** Levels whose rules hold addresses and ports of containers: a day later they may be somebody else's. */
export const PASSING: ReadonlySet<Level> = new Set(['endpoint', 'ingress', 'overlay']);

/** Why a rule cannot be restored; undefined when it can. */
function hindrance(
  owned: OwnedRule,
  { known, unmade, liveness, withheld, content }: Allowance,
): string | undefined {
  const {
    rule: { text },
    level,
    owner,
    declared,
  } = owned;
  const reason = withheld.get(owned) ?? (owner === 'shared' && declared !== true ? content : undefined);
  if (reason !== undefined) return reason;
  if (liveness === 'unknown' && owner === 'docker' && level !== undefined && PASSING.has(level))
    return 'no Engine answers to confirm that it is still valid';
  if (text.includes('\n')) return 'it holds a newline, which iptables-restore would read as two lines';
  const target = targetOf(text);
  if (target === undefined || TARGETS.has(target) || known.has(target)) return undefined;
  return unmade.get(target) ?? `chain ${target}, which it jumps to, no longer exists`;
}

/**
 * Deletes every copy of the rules to move, then inserts these and the missing ones. All copies, because a delete by value
 * takes the first copy, which may be the one in the right place.
 */
function editChain(
  drift: ChainDrift,
  missing: readonly number[],
  moved: ReadonlySet<string>,
  placing: typeof place,
): Edit {
  const { chain, desired, live } = drift;
  const present = live.filter(({ rule }) => !moved.has(rule.text));
  const removed = live.filter(({ rule }) => moved.has(rule.text));
  const placements = [
    ...recordedPlacements(drift, missing, moved, removed),
    ...strayPlacements(desired.rules, removed),
  ];
  const placed = inTheirChains(chain, { present, live }, moved, placing(desired, present, placements));
  const result = mergePlaced(present, placed);
  const put = new Set(placed.map(({ owned }) => owned));
  return { steps: [...removed.map(deletion), ...insertions(result, (owned) => put.has(owned))], result };
}

/**
 * Recorded rules to put: the missing ones, and those taken out to be moved, with the counters they had a moment ago.
 * Docker's RETURN goes behind whatever the user has in DOCKER-USER now: a repair must not disable rules that work.
 */
function recordedPlacements(
  { desired, live }: ChainDrift,
  put: readonly number[],
  moved: ReadonlySet<string>,
  removed: readonly OwnedRule[],
): readonly Placement[] {
  const wanted = new Set(put);
  const counters = new Map<string, string>();
  for (const { rule } of removed) if (!counters.has(rule.text)) counters.set(rule.text, rule.counters);
  return desired.rules.flatMap((owned, baseIndex): readonly Placement[] => {
    const isMoved = (owned.owner === 'docker' || owned.declared === true) && moved.has(owned.rule.text);
    if (!isMoved && !wanted.has(baseIndex)) return [];
    const goesLast =
      desired.owner === 'shared' && owned.owner === 'docker' && !isMoved && live.length > removed.length;
    return [
      {
        owned: withCounters(owned, counters.get(owned.rule.text)),
        baseIndex: goesLast ? undefined : baseIndex,
      },
    ];
  });
}

/** Rules taken out to be moved that the baseline has not seen. */
function strayPlacements(desired: readonly OwnedRule[], removed: readonly OwnedRule[]): readonly Placement[] {
  const recorded = new Set(desired.map(({ rule }) => rule.text));
  return removed.flatMap((owned): readonly Placement[] =>
    recorded.has(owned.rule.text) ? [] : [{ owned, baseIndex: undefined }],
  );
}

const withCounters = (owned: OwnedRule, counters: string | undefined): OwnedRule => {
  if (counters === undefined || counters === owned.rule.counters) return owned;
  const rule: Rule = { ...owned.rule, counters };
  return { ...owned, rule };
};

const isSound = (desired: OwnedChain, { result }: Edit): boolean =>
  // A baseline recorded with --force may be out of order itself; then its order does not count.
  outOfOrder(desired.rules).size > 0 ||
  (outOfOrder(result).size === 0 && lostPrecedence(desired, result).size === 0);
