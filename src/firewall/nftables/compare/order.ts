import { ownTableRule, type OwnedTableRule } from '../ownership/ownership.ts';
import type { NftRule } from '../tables/model.ts';
import { RAW_PREROUTING } from '../tables/names.ts';

/** Where a rule must stand: rules of one lane meet the same packets, those of a lower rank first. */
export interface RulePlace {
  readonly lane: string;
  readonly rank: number;
}

/**
 * Where each rule of a chain must stand, by its key. Next to each other, rules with the same verdict have the same rank: whichever
 * comes first, packets fare alike.
 */
export function placesIn(
  table: string,
  chain: string,
  rules: readonly NftRule[],
): ReadonlyMap<string, RulePlace> {
  const places = new Map<string, RulePlace>();
  const ends = new Map<string, { readonly verdict: string; readonly rank: number }>();
  for (const rule of rules) {
    const lane = chain === RAW_PREROUTING ? laneOf(ownTableRule(table, chain, rule)) : '';
    const verdict = verdictOf(rule);
    const before = ends.get(lane);
    const rank = before === undefined ? 0 : before.rank + (before.verdict === verdict ? 0 : 1);
    ends.set(lane, { verdict, rank });
    places.set(rule.key, { lane, rank });
  }
  return places;
}

/** In raw every rule is about one address alone, or about one port of it. */
function laneOf({ purpose, captures: { hostIp = '', hostPort = '', proto = '' } }: OwnedTableRule): string {
  return purpose === 'raw-loopback' || purpose === 'raw-loopback-wsl' ? `${hostIp} ${hostPort}/${proto}` : '';
}

/** What becomes of the packets of a rule, as far as the order of rules is concerned. No packet meets two translations. */
function verdictOf({ statements, text }: NftRule): string {
  const last = statements.at(-1);
  switch (last?.is) {
    case 'accept':
    case 'drop':
    case 'return':
      return last.is;
    case 'dnat':
    case 'snat':
    case 'masquerade':
      return 'nat';
    default:
      return text;
  }
}

/** Of the live rules that should be there, those that may stay where they are: as many as can, one for each key. */
export function inOrderOf(
  live: readonly NftRule[],
  places: ReadonlyMap<string, RulePlace>,
): ReadonlySet<NftRule> {
  const lanes = new Map<string, Ranked[]>();
  for (const rule of live) {
    const place = places.get(rule.key);
    if (place === undefined) continue;
    const lane = lanes.get(place.lane) ?? [];
    lane.push({ rule, rank: place.rank });
    lanes.set(place.lane, lane);
  }
  return new Set([...lanes.values()].flatMap(longestWithoutCopies));
}

interface Ranked {
  readonly rule: NftRule;
  readonly rank: number;
}

/** Two copies of one rule must not outweigh another rule: once it is known which copy can stay, the rest are left out. */
function longestWithoutCopies(lane: readonly Ranked[]): readonly NftRule[] {
  const first = firstOfEach(longestAscending(lane));
  const rest = lane.filter((one) => (first.get(one.rule.key) ?? one) === one);
  return [...firstOfEach(longestAscending(rest)).values()].map(({ rule }) => rule);
}

function firstOfEach(list: readonly Ranked[]): ReadonlyMap<string, Ranked> {
  const found = new Map<string, Ranked>();
  for (const one of list) if (!found.has(one.rule.key)) found.set(one.rule.key, one);
  return found;
}

/** The longest part of a list, in its order, in which no rank is lower than one before. */
function longestAscending<One extends { readonly rank: number }>(list: readonly One[]): readonly One[] {
  // At each length, the index of the lowest rank that such a part of that length can end with.
  const ends: number[] = [];
  const before: number[] = [];
  list.forEach(({ rank }, index) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[ends[middle] ?? 0]?.rank ?? 0) <= rank) low = middle + 1;
      else high = middle;
    }
    before[index] = low === 0 ? -1 : (ends[low - 1] ?? -1);
    ends[low] = index;
  });
  const found: One[] = [];
  for (let at = ends.at(-1) ?? -1; at !== -1; at = before[at] ?? -1) {
    const one = list[at];
    if (one !== undefined) found.push(one);
  }
  return found.reverse();
}
