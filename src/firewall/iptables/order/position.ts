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
  const placed = placeRecorded(base, present, placements, order);
  for (const { owned, baseIndex } of placements) {
    if (baseIndex === undefined) placeUnrecorded(owned, placed, order, present.length);
  }
  return placed;
}

function placeRecorded(
  base: OwnedChain,
  present: readonly OwnedRule[],
  placements: readonly Placement[],
  order: OrderIndex,
): Placed[] {
  const anchors = anchorsIn(base.rules, present);
  const followers = followersIn(base);
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
    const wanted = after ?? leadingGap(placement.owned, index, anchors.next[index], present.length);
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

/** A rule of Docker's that the baseline has not seen goes before the first placed rule that must follow it. */
function placeUnrecorded(owned: OwnedRule, placed: Placed[], order: OrderIndex, end: number): void {
  const mine = ordersOf(owned);
  const follows = (other: OwnedRule): boolean =>
    ordersOf(other).some(({ scope, phase }) => mine.some((own) => own.scope === scope && own.phase < phase));
  const index = placed.findIndex((other) => follows(other.owned));
  const gap = within(order.boundsOf(owned), placed[index]?.gap ?? dockersGap(owned, end));
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
function leadingGap(owned: OwnedRule, baseIndex: number, next: number | undefined, end: number): number {
  // What was first of all and is inserted first by Docker goes first again, even before rules that came since.
  if (baseIndex === 0 && owned.shape?.placed === 'top') return 0;
  return next ?? dockersGap(owned, end);
}

const dockersGap = (owned: OwnedRule, end: number): number => (owned.shape?.placed === 'top' ? 0 : end);

function within({ low, high }: { readonly low: number; readonly high: number }, gap: number): number {
  return Math.max(low, Math.min(high, gap));
}
