import { ownTableRule, type OwnedTableRule, type TableCaptures } from '../ownership/ownership.ts';
import type { NftBase, NftChain, NftRule } from '../tables/model.ts';
import { inOrderOf, placesIn } from './order.ts';
import type { SurplusRule, TableChainDrift } from './drift.ts';

/** Who exists, as the Engine says. */
export interface TableTerms {
  /** The containers that run, by each of their addresses. */
  readonly containers: ReadonlyMap<string, string>;
  /** The interfaces of the bridge networks. */
  readonly bridges: ReadonlySet<string>;
}

/** Compares one chain of Docker's; undefined where it is as it should be. */
export function compareTableChain(
  table: string,
  expected: NftChain,
  live: NftChain | undefined,
  terms: TableTerms,
): TableChainDrift | undefined {
  const places = placesIn(table, expected.name, expected.rules);
  const rules = live?.rules ?? [];
  const inOrder = inOrderOf(rules, places);
  const settled = new Set([...inOrder].map(({ key }) => key));
  const present = new Set(rules.map(({ key }) => key));
  const translations = translationsOf(table, expected);
  const surplus: SurplusRule[] = [];
  const foreign: NftRule[] = [];
  for (const rule of rules) {
    if (inOrder.has(rule)) continue;
    const owned = ownTableRule(table, expected.name, rule);
    if (settled.has(rule.key)) surplus.push({ is: 'duplicate', owned });
    else if (places.has(rule.key)) {
      // The next copy of it is one too many.
      settled.add(rule.key);
      surplus.push({ is: 'misplaced', owned });
    } else if (owned.purpose === undefined) foreign.push(rule);
    else surplus.push(judge(owned, translations, terms));
  }
  const missing = expected.rules.filter(({ key }) => !present.has(key));
  const isRehooked = live !== undefined && !sameBase(live.base, expected.base);
  const isWhole = live !== undefined && !isRehooked && missing.length === 0;
  if (isWhole && surplus.length === 0 && foreign.length === 0) return undefined;
  return { table, name: expected.name, expected, live, isRehooked, missing, surplus, foreign };
}

const sameBase = (a: NftBase | undefined, b: NftBase | undefined): boolean =>
  a?.type === b?.type && a?.hook === b?.hook && a?.priority === b?.priority && a?.policy === b?.policy;

/** What a rule of Docker's is that nothing requires. */
function judge(owned: OwnedTableRule, translations: Translations, terms: TableTerms): SurplusRule {
  const { ip = '', bridge } = owned.captures;
  const container = terms.containers.get(ip);
  if (owned.purpose === 'dnat') {
    const instead = (translations().get(hostPortOf(owned.captures)) ?? []).find((one) =>
      meets(one.captures, owned.captures),
    )?.rule;
    if (instead !== undefined || container !== undefined)
      return { is: 'diverted', owned, container, instead };
  }
  const isGone =
    (ip !== '' && container === undefined) || (bridge !== undefined && !terms.bridges.has(bridge));
  return { is: isGone ? 'leftover' : 'unexpected', owned };
}

/** The required translations of a chain, by the port of the host that they are asked for; looked up only where one is in question. */
type Translations = () => ReadonlyMap<string, readonly OwnedTableRule[]>;

function translationsOf(table: string, { name, rules }: NftChain): Translations {
  let known: Map<string, OwnedTableRule[]> | undefined;
  return () => {
    if (known !== undefined) return known;
    known = new Map();
    for (const rule of rules) {
      const owned = ownTableRule(table, name, rule);
      if (owned.purpose !== 'dnat') continue;
      const same = known.get(hostPortOf(owned.captures)) ?? [];
      same.push(owned);
      known.set(hostPortOf(owned.captures), same);
    }
    return known;
  };
}

const hostPortOf = ({ hostPort = '', proto = '' }: TableCaptures): string => `${hostPort}/${proto}`;

/** Whether packets to one address of the host may be asked of both translations. */
const meets = (a: TableCaptures, b: TableCaptures): boolean =>
  a.hostIp === undefined || b.hostIp === undefined || a.hostIp === b.hostIp;
