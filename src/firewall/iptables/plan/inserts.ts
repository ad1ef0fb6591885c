import type { OwnedRule } from '../ownership/ownership.ts';
import { inChain, writtenRule } from '../ownership/written.ts';
import { targetOf } from '../text/view.ts';
import type { Placed } from '../order/position.ts';
import type { Step } from '../text/restore-input.ts';

const chainOfRule = (owned: OwnedRule): string => writtenRule(owned).chain;

/**
 * The chain that a rule of Docker's goes into between two others of a built-in chain and of its relay chains. A relay chain is somebody's
 * own: a rule goes there only next to one of Docker's that is there already, or amid its rules.
 */
function homeBetween(chain: string, before: OwnedRule | undefined, after: OwnedRule | undefined): string {
  const above = before === undefined ? chain : chainOfRule(before);
  const below = after === undefined ? chain : chainOfRule(after);
  if (above === below) return above;
  // Between the jump to a relay chain and its first rule.
  if (before !== undefined && targetOf(before.rule.text) === below) return below;
  return before?.owner === 'docker' ? above : below;
}

/** The gaps among present rules between the first and the last rule of Docker's in one relay chain, those to be moved included. */
interface RelaySpan {
  readonly chain: string;
  readonly first: number;
  readonly last: number;
}

/** The relay chains of rules that are taken out to be moved, by the rule's text. */
function spansOf(
  chain: string,
  live: readonly OwnedRule[],
  moved: ReadonlySet<string>,
): ReadonlyMap<string, RelaySpan> {
  const spans = new Map<string, RelaySpan>();
  let gap = 0;
  for (const owned of live) {
    const isMoved = moved.has(owned.rule.text);
    const before = gap;
    if (!isMoved) gap++;
    const home = chainOfRule(owned);
    if (home === chain || owned.owner !== 'docker') continue;
    spans.set(home, { chain: home, first: spans.get(home)?.first ?? before, last: gap });
  }
  return new Map(
    live.flatMap((owned): readonly (readonly [string, RelaySpan])[] => {
      const span = moved.has(owned.rule.text) ? spans.get(chainOfRule(owned)) : undefined;
      return span === undefined ? [] : [[owned.rule.text, span]];
    }),
  );
}

/**
 * Placed rules, each in the chain it goes into. A rule that is moved stays in its relay chain: whoever owns that chain put it there, and a
 * relay chain is known by the rules of Docker's that it holds.
 *
 * @param live - the rules before those to be moved were taken out
 */
export function inTheirChains(
  chain: string,
  { present, live }: { readonly present: readonly OwnedRule[]; readonly live: readonly OwnedRule[] },
  moved: ReadonlySet<string>,
  placed: readonly Placed[],
): readonly Placed[] {
  const spans = spansOf(chain, live, moved);
  const housed = inSequence(
    placed.map(({ owned, gap: wanted }): Housed => {
      const span = spans.get(owned.rule.text);
      if (span === undefined) return { owned, gap: wanted, wanted, isHoused: false };
      const gap = clamp(wanted, span.first, span.last);
      return { owned: inChain(owned, span.chain), gap, wanted, isHoused: true };
    }),
  );
  // A moved rule in the same gap is as good a neighbour as one that stayed.
  const firstAfter = new Map<number, OwnedRule>();
  const after = housed
    .toReversed()
    .map(({ owned, gap, isHoused }) => {
      if (isHoused) firstAfter.set(gap, owned);
      return firstAfter.get(gap) ?? present[gap];
    })
    .toReversed();
  const lastBefore = new Map<number, OwnedRule>();
  return housed.map(({ owned, gap, isHoused }, index) => {
    if (!isHoused) {
      const before = lastBefore.get(gap) ?? present[gap - 1];
      return { owned: inChain(owned, homeBetween(chain, before, after[index])), gap };
    }
    lastBefore.set(gap, owned);
    return { owned, gap };
  });
}

/** A placed rule. */
interface Housed extends Placed {
  /** The gap it would go into but for relay chains. */
  readonly wanted: number;
  /** Whether it stays in its relay chain, which decides where it goes. */
  readonly isHoused: boolean;
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** What a relay chain held back or pulled along takes with it the rules that were placed behind or in front of it. */
function inSequence(placed: readonly Housed[]): readonly Housed[] {
  let low = 0;
  const notBefore = placed.map((one) => {
    if (!one.isHoused) return { ...one, gap: Math.max(one.gap, low) };
    if (one.gap > one.wanted) low = Math.max(low, one.gap);
    return one;
  });
  let high = Infinity;
  return notBefore
    .toReversed()
    .map((one) => {
      if (!one.isHoused) return { ...one, gap: Math.min(one.gap, high) };
      if (one.gap < one.wanted) high = Math.min(high, one.gap);
      return one;
    })
    .toReversed()
    .toSorted((a, b) => a.gap - b.gap);
}

/**
 * The steps that put rules among those that are there.
 *
 * @param result - all rules of a chain and of its relay chains, as they are to be
 * @param isNew - which of them are to be put, each in its place when those before it are there
 */
export function insertions(
  result: readonly OwnedRule[],
  isNew: (owned: OwnedRule) => boolean,
): readonly Step[] {
  const lastKept = new Map<string, number>();
  result.forEach((owned, index) => {
    if (!isNew(owned)) lastKept.set(chainOfRule(owned), index);
  });
  const counts = new Map<string, number>();
  return result.flatMap((owned, index): readonly Step[] => {
    const rule = writtenRule(owned);
    const { chain } = rule;
    const position = (counts.get(chain) ?? 0) + 1;
    counts.set(chain, position);
    if (!isNew(owned)) return [];
    // Behind the last rule an append does the same, and the tool need not count positions.
    return (lastKept.get(chain) ?? -1) < index
      ? [{ op: 'append', chain, rule }]
      : [{ op: 'insert', chain, position, rule }];
  });
}

/** The step that takes a rule out of the chain it stands in. */
export const deletion = (owned: OwnedRule): Step => {
  const rule = writtenRule(owned);
  return { op: 'delete', chain: rule.chain, rule };
};
