import type { OwnedChain, OwnedRule } from '../ownership/ownership.ts';
import { OrderIndex, ordersOf } from './order.ts';
import { followersIn, lastPositions } from './precedence.ts';

/** A rule to put into a chain. */
export interface Placement {
  readonly owned: OwnedRule;
  /** Where it was in the baseline's chain; undefined for a rule the baseline has not seen. */
  readonly baseIndex: number | undefined;
}

/** A rule and the gap it goes into: gap 0 is before the first rule already there. */
export interface Placed {
  readonly owned: OwnedRule;
  readonly gap: number;
}

/**
 * Where rules to restore belong among those already there: right behind the recorded rule that preceded
 * them, foreign or not; where none of those is left, before the recorded one that followed; where nothing is left to go
 * by, where Docker itself would put them. Foreign rules they used to precede stay behind them, and the order that
 * matters (docs/reference/docker-iptables.md#order-that-matters) overrules all of that. Linear, but for rules the
 * baseline has not seen.
 *
 * @param base - the chain as recorded
 * @param present - the chain as it is, without the rules to be placed
 * @returns in the order they must have
 */
export function place(
  base: OwnedChain,
  present: readonly OwnedRule[],
  placements: readonly Placement[],
): readonly Placed[] {
  return inOrderOfGaps(placeEach(base, present, placements));
}

/**
 * As {@link place}, where all of Docker's rules in a chain are placed again. None of them is in the chain then to constrain
 * another: when one has to move up (because a foreign rule it must precede was moved to the top), exactly those rules that
 * must precede it move up with it.
 */
export function placeAll(
  base: OwnedChain,
  present: readonly OwnedRule[],
  placements: readonly Placement[],
): readonly Placed[] {
  const ceilings = new Map<string, Map<number, number>>();
  const pulled = placeEach(base, present, placements)
    .toReversed()
    .map(({ owned, gap }) => {
      const mine = ordersOf(owned);
      const higher = mine.flatMap(({ scope, phase }) =>
        [...(ceilings.get(scope) ?? [])].flatMap(([other, ceiling]) => (other > phase ? [ceiling] : [])),
      );
      const pulledTo = Math.min(gap, ...higher);
      for (const { scope, phase } of mine) {
        const phases = ceilings.get(scope) ?? new Map<number, number>();
        ceilings.set(scope, phases.set(phase, Math.min(pulledTo, phases.get(phase) ?? Infinity)));
      }
      return { owned, gap: pulledTo };
    });
  return inOrderOfGaps(pulled.toReversed());
}

/** Rules for one gap keep the order of the baseline. */
const inOrderOfGaps = (placed: readonly Placed[]): readonly Placed[] =>
  placed.toSorted((a, b) => a.gap - b.gap);

/** In the order of the baseline, those it has not seen before the first that must follow them. */
function placeEach(
  base: OwnedChain,
  present: readonly OwnedRule[],
  placements: readonly Placement[],
): readonly Placed[] {
  const order = new OrderIndex(present);
  const floorOf = floorsIn(present);
  const placed = placeRecorded(base, present, placements, { order, floorOf });
  for (const { owned, baseIndex } of placements) {
    if (baseIndex === undefined) {
      const last = Math.max(dockersGap(owned, present.length), floorOf(owned));
      placeUnrecorded(owned, placed, order, last);
    }
  }
  return placed;
}

function placeRecorded(
  base: OwnedChain,
  present: readonly OwnedRule[],
  placements: readonly Placement[],
  { order, floorOf }: { readonly order: OrderIndex; readonly floorOf: (owned: OwnedRule) => number },
): Placed[] {
  const anchors = anchorsIn(base.rules, present);
  // Whoever moved Docker's rules into relay chains chose which of their own come first.
  const followers = present.some(({ relayed }) => relayed !== undefined) ? [] : followersIn(base);
  const position = lastPositions(present);
  const byBase = new Map(placements.map((placement) => [placement.baseIndex, placement]));
  const placed: Placed[] = [];
  let after: number | undefined;
  base.rules.forEach((_, index) => {
    const anchor = anchors.at[index];
    const placement = byBase.get(index);
    if (placement === undefined) {
      if (anchor !== undefined) after = anchor + 1;
      return;
    }
    const wanted = Math.max(
      after ?? leadingGap(placement.owned, index, present, anchors.next[index]),
      floorOf(placement.owned),
    );
    const ceiling = position.get(followers[index]?.rule.text ?? '') ?? present.length;
    const gap = within(order.boundsOf(placement.owned), Math.min(wanted, ceiling));
    placed.push({ owned: placement.owned, gap });
    after = gap;
  });
  return placed;
}

/** The rules already there with the placed ones in their gaps. */
export function mergePlaced(present: readonly OwnedRule[], placed: readonly Placed[]): readonly OwnedRule[] {
  const result: OwnedRule[] = [];
  let taken = 0;
  for (const { owned, gap } of placed) {
    for (; taken < gap; taken++) result.push(present[taken] as OwnedRule);
    result.push(owned);
  }
  for (; taken < present.length; taken++) result.push(present[taken] as OwnedRule);
  return result;
}

/**
 * A rule of Docker's that the baseline has not seen goes before the first placed rule that must follow it.
 *
 * @param otherwise - the gap it goes into where none must
 */
function placeUnrecorded(owned: OwnedRule, placed: Placed[], order: OrderIndex, otherwise: number): void {
  const mine = ordersOf(owned);
  const follows = (other: OwnedRule): boolean =>
    ordersOf(other).some(({ scope, phase }) => mine.some((own) => own.scope === scope && own.phase < phase));
  const index = placed.findIndex((other) => follows(other.owned));
  const gap = within(order.boundsOf(owned), placed[index]?.gap ?? otherwise);
  placed.splice(index === -1 ? placed.length : index, 0, { owned, gap });
}

/** For each recorded rule, where it is now (copies in order), and where the next recorded one is that is there. */
function anchorsIn(base: readonly OwnedRule[], present: readonly OwnedRule[]) {
  const positions = new Map<string, number[]>();
  present.forEach(({ rule }, index) => {
    const known = positions.get(rule.text);
    if (known === undefined) positions.set(rule.text, [index]);
    else known.push(index);
  });
  const used = new Map<string, number>();
  const at = base.map(({ rule }) => {
    const copy = used.get(rule.text) ?? 0;
    used.set(rule.text, copy + 1);
    return positions.get(rule.text)?.[copy];
  });
  const next = new Array<number | undefined>(base.length);
  let following: number | undefined;
  for (let index = base.length - 1; index >= 0; index--) {
    next[index] = following;
    following = at[index] ?? following;
  }
  return { at, next };
}

/** The gap of a rule with no recorded rule left before it. */
function leadingGap(
  owned: OwnedRule,
  baseIndex: number,
  present: readonly OwnedRule[],
  next: number | undefined,
): number {
  // What was first of all and is inserted first by Docker goes first again, even before rules that came since: but not before
  // those of somebody who moved what follows it into a relay chain.
  const isMoved = next !== undefined && present[next]?.relayed !== undefined;
  if (baseIndex === 0 && owned.shape?.placed === 'top' && !isMoved) return 0;
  return next ?? dockersGap(owned, present.length);
}

/**
 * How far down a rule goes at least: behind a jump that leads some packets to a copy of it. Whoever moved it there, and let not
 * all packets pass, wants no rule of Docker's before their own.
 */
function floorsIn(present: readonly OwnedRule[]): (owned: OwnedRule) => number {
  const floors = new Map<string, number>();
  present.forEach(({ partly = [] }, index) => {
    for (const text of partly) floors.set(text, index + 1);
  });
  return ({ rule }) => floors.get(rule.text) ?? 0;
}

const dockersGap = (owned: OwnedRule, end: number): number => (owned.shape?.placed === 'top' ? 0 : end);

function within({ low, high }: { readonly low: number; readonly high: number }, gap: number): number {
  return Math.max(low, Math.min(high, gap));
}
