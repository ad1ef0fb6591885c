import { FAMILIES, type Family } from '../net/family.ts';
import type { OwnedChain, OwnedHost } from '../firewall/iptables/ownership/ownership.ts';
import type { NftTable } from '../firewall/nftables/tables/model.ts';
import { tableName } from '../firewall/nftables/tables/print.ts';
import type { StoredBaseline } from './stored-baseline.ts';

/** One chain in which two baselines differ: its policy, Docker's rules and those of DOCKER-USER; a map or set of Docker's own tables counts as one. */
export interface ChainDifference {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** Its policy as `:FORWARD DROP` and its rules, in order; none where it was not recorded. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The rules of Docker's that a baseline holds: of iptables, or its own tables. */
type RecordedSide = Pick<StoredBaseline, 'owned' | 'tables'>;

/** The chains, and of Docker's own tables also the maps and sets, in which two baselines differ. Foreign rules and counters do not count. */
export const baselineDifference = (before: RecordedSide, after: RecordedSide): readonly ChainDifference[] => [
  ...chainsDiffering(before.owned, after.owned),
  ...tablesDiffering(before.tables ?? [], after.tables ?? []),
];

function tablesDiffering(
  before: readonly NftTable[],
  after: readonly NftTable[],
): readonly ChainDifference[] {
  const linesIn = (tables: readonly NftTable[], name: string): ReadonlyMap<string, readonly string[]> => {
    const table = tables.find((one) => tableName(one) === name);
    if (table === undefined) return new Map();
    return new Map<string, readonly string[]>([
      ...[...table.chains].map(
        ([chain, { rules }]) => [chain, [`chain ${chain}`, ...rules.map(({ text }) => text)]] as const,
      ),
      ...[...table.maps].map(
        ([map, { elements }]) =>
          [map, [`map ${map}`, ...[...elements].map(([key, value]) => `${key} : ${value}`)]] as const,
      ),
      ...[...table.sets].map(([set, { elements }]) => [set, [`set ${set}`, ...elements]] as const),
    ]);
  };
  const all = new Map([...before, ...after].map((table) => [tableName(table), table]));
  return [...all].flatMap(([full, { family, name }]) => {
    const [left, right] = [linesIn(before, full), linesIn(after, full)];
    return [...new Set([...left.keys(), ...right.keys()])].flatMap((chain) => {
      const one = {
        family,
        table: name,
        chain,
        before: left.get(chain) ?? [],
        after: right.get(chain) ?? [],
      };
      return one.before.join('\n') === one.after.join('\n') ? [] : [one];
    });
  });
}

function chainsDiffering(before: OwnedHost, after: OwnedHost): readonly ChainDifference[] {
  return FAMILIES.flatMap((family) => {
    const [left, right] = [before.families[family], after.families[family]];
    return [...new Set([...left.keys(), ...right.keys()])].flatMap((table) => {
      const [chains, others] = [left.get(table), right.get(table)];
      return [...new Set([...(chains?.keys() ?? []), ...(others?.keys() ?? [])])].flatMap((chain) => {
        const one = {
          family,
          table,
          chain,
          before: linesOf(chains?.get(chain)),
          after: linesOf(others?.get(chain)),
        };
        return one.before.join('\n') === one.after.join('\n') ? [] : [one];
      });
    });
  });
}

function linesOf(chain: OwnedChain | undefined): readonly string[] {
  if (chain === undefined) return [];
  const rules = chain.rules.flatMap(({ owner, rule }) => (owner === 'foreign' ? [] : [rule.text]));
  return [`:${chain.name} ${chain.builtin ? chain.policy : '-'}`, ...rules];
}

/** Lines of one side that the other lacks, repeated once for each extra copy. */
export function linesBeyond(these: readonly string[], those: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of those) left.set(line, (left.get(line) ?? 0) + 1);
  return these.filter((line) => {
    const known = left.get(line) ?? 0;
    left.set(line, known - 1);
    return known <= 0;
  });
}
