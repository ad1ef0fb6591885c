import type { NftBase, NftCount, NftStatement, NftTable } from '../../firewall/nftables/tables/model.ts';
import { nftRule } from '../../firewall/nftables/tables/rule.ts';
import type { Family } from '../../net/family.ts';

/** A table of nftables in which Docker writes, as a file of facts has it: with all that others added, and what was counted. */
export interface TableJson {
  readonly family: Family;
  readonly name: string;
  readonly chains: readonly {
    readonly name: string;
    readonly base?: NftBase;
    readonly rules: readonly {
      readonly statements: readonly NftStatement[];
      readonly comment: string;
      readonly handle?: number;
      readonly counted?: NftCount;
    }[];
  }[];
  readonly maps: readonly {
    readonly name: string;
    readonly type: string;
    readonly elements: readonly (readonly [string, string])[];
  }[];
  readonly sets: readonly {
    readonly name: string;
    readonly type: string;
    readonly elements: readonly string[];
  }[];
  readonly others: readonly string[];
}

/** A table as a file of facts has it. */
export const tableJson = ({ family, name, chains, maps, sets, others }: NftTable): TableJson => ({
  ...{ family, name, others },
  chains: [...chains.values()].map((chain) => ({
    name: chain.name,
    ...(chain.base === undefined ? {} : { base: chain.base }),
    rules: chain.rules.map(({ statements, comment, handle, counted }) => ({
      ...{ statements, comment },
      ...(handle === undefined ? {} : { handle }),
      ...(counted === undefined ? {} : { counted }),
    })),
  })),
  maps: [...maps.values()].map((map) => ({ ...map, elements: [...map.elements] })),
  sets: [...sets.values()],
});

/** Reads a table back. */
export const tableFrom = ({ family, name, chains, maps, sets, others }: TableJson): NftTable => ({
  ...{ family, name, others },
  chains: named(
    chains.map((chain) => ({
      ...{ name: chain.name, base: chain.base },
      rules: chain.rules.map(({ statements, comment, handle, counted }) =>
        nftRule(statements, { comment, handle, counted }),
      ),
    })),
  ),
  maps: named(maps.map((map) => ({ ...map, elements: new Map(map.elements) }))),
  sets: named(sets),
});

const named = <Named extends { readonly name: string }>(all: readonly Named[]): ReadonlyMap<string, Named> =>
  new Map(all.map((one) => [one.name, one]));
