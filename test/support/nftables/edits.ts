import type { NftChain, NftMap, NftRule, NftTable } from '../../../src/firewall/nftables/tables/model.ts';

/** The table with other chains. */
export const withChains = (
  table: NftTable,
  change: (chains: readonly NftChain[]) => readonly NftChain[],
): NftTable => ({
  ...table,
  chains: new Map(change([...table.chains.values()]).map((chain) => [chain.name, chain])),
});

/** The table with other rules in one chain. */
export const withRules = (
  table: NftTable,
  name: string,
  change: (rules: readonly NftRule[]) => readonly NftRule[],
): NftTable =>
  withChains(table, (chains) =>
    chains.map((chain) => (chain.name === name ? { ...chain, rules: change(chain.rules) } : chain)),
  );

/** The table with other elements in one map. */
export function withElements(
  table: NftTable,
  name: string,
  change: (elements: readonly (readonly [string, string])[]) => readonly (readonly [string, string])[],
): NftTable {
  const maps = [...table.maps.values()].map((map): NftMap =>
    map.name === name ? { ...map, elements: new Map(change([...map.elements])) } : map,
  );
  return { ...table, maps: new Map(maps.map((map) => [map.name, map])) };
}

/** Some tables with one of them changed. */
export const withTable = (
  tables: readonly NftTable[],
  one: NftTable,
  changed: NftTable | undefined,
): readonly NftTable[] =>
  tables.flatMap((table) => (table !== one ? [table] : changed === undefined ? [] : [changed]));
