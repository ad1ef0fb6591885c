import type { OrderPhase, Captures, Shape } from '../ownership/shape.ts';

/** As much of an owned rule as its order depends on. */
export interface Ordered {
  readonly shape?: Shape;
  readonly captures?: Captures;
}

/** The scopes and phases of a rule; none when its place does not matter. */
export function ordersOf({ shape, captures }: Ordered): readonly OrderPhase[] {
  return shape?.order?.(captures ?? {}) ?? [];
}

/**
 * The fewest rules to move so that the order that matters holds
 * (docs/reference/docker-iptables.md#order-that-matters): everything outside a longest run of
 * non-decreasing phases, scope by scope. O(n log n).
 *
 * @param rules - one chain's rules in live order
 * @param strayed - indexes of rules that are known to have moved: of runs of equal length, one without these is kept
 * @returns indexes into `rules`
 */
export function outOfOrder(
  rules: readonly Ordered[],
  strayed: ReadonlySet<number> = new Set(),
): ReadonlySet<number> {
  const scopes = new Map<string, { readonly index: number; readonly phase: number }[]>();
  rules.forEach((rule, index) => {
    for (const { scope, phase } of ordersOf(rule)) {
      const members = scopes.get(scope) ?? [];
      scopes.set(scope, members);
      members.push({ index, phase });
    }
  });
  const moved = new Set<number>();
  for (const members of scopes.values()) {
    // A rule that is moved anyway constrains no other.
    const present = members.filter(({ index }) => !moved.has(index));
    const kept = heaviestRun(
      present.map(({ phase }) => phase),
      // One rule more always outweighs any number of moved ones.
      (i) => present.length + (strayed.has(present[i]?.index ?? -1) ? 0 : 1),
    );
    present.forEach(({ index }, i) => {
      if (!kept.has(i)) moved.add(index);
    });
  }
  return moved;
}

/** Indexes of the heaviest non-decreasing subsequence; there are only a handful of phases. */
function heaviestRun(phases: readonly number[], weightOf: (index: number) => number): ReadonlySet<number> {
  const weights: number[] = [];
  const previous: number[] = [];
  const ends = new Map<number, number>();
  const heaviestUpTo = (phase: number): number => {
    let best = -1;
    for (const [other, end] of ends) {
      if (other <= phase && (weights[end] ?? 0) > (weights[best] ?? 0)) best = end;
    }
    return best;
  };
  phases.forEach((phase, i) => {
    const before = heaviestUpTo(phase);
    previous.push(before);
    weights.push((weights[before] ?? 0) + weightOf(i));
    ends.set(phase, i);
  });
  return chainBack(previous, heaviestUpTo(Infinity));
}

/** The fewest rules that must have moved, going by where each was before. O(n log n). */
export function strayedFrom(positions: readonly number[]): ReadonlySet<number> {
  const kept = longestNonDecreasing(positions);
  return new Set(positions.flatMap((_, index) => (kept.has(index) ? [] : [index])));
}

/** Indexes of a longest non-decreasing subsequence (patience sorting). */
function longestNonDecreasing(values: readonly number[]): ReadonlySet<number> {
  const tails: number[] = [];
  const previous = new Array<number>(values.length).fill(-1);
  values.forEach((value, i) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) <= value) low = middle + 1;
      else high = middle;
    }
    previous[i] = low === 0 ? -1 : (tails[low - 1] ?? -1);
    tails[low] = i;
  });
  return chainBack(previous, tails.at(-1) ?? -1);
}

function chainBack(previous: readonly number[], end: number): ReadonlySet<number> {
  const kept = new Set<number>();
  for (let i = end; i !== -1; i = previous[i] ?? -1) kept.add(i);
  return kept;
}

/** Where, among rules already there, a rule may go: after every lower phase and before every higher one. */
export interface Bounds {
  /** Gaps count from 0 (before the first rule) to the number of rules. */
  readonly low: number;
  readonly high: number;
}

/** Answers {@link Bounds} for one chain in constant time each. */
export class OrderIndex {
  private readonly scopes = new Map<string, Map<number, { first: number; last: number }>>();
  private readonly length: number;

  constructor(rules: readonly Ordered[]) {
    this.length = rules.length;
    rules.forEach((rule, index) => {
      for (const { scope, phase } of ordersOf(rule)) {
        const phases = this.scopes.get(scope) ?? new Map<number, { first: number; last: number }>();
        this.scopes.set(scope, phases);
        const seen = phases.get(phase);
        if (seen === undefined) phases.set(phase, { first: index, last: index });
        else seen.last = index;
      }
    });
  }

  boundsOf(rule: Ordered): Bounds {
    let low = 0;
    let high = this.length;
    for (const { scope, phase } of ordersOf(rule)) {
      for (const [other, { first, last }] of this.scopes.get(scope) ?? []) {
        if (other < phase) low = Math.max(low, last + 1);
        else if (other > phase) high = Math.min(high, first);
      }
    }
    return { low, high };
  }
}
