import type { Family } from '../../../net/family.ts';
import { dockersChain, ownTableRule } from '../ownership/ownership.ts';
import type { NftBase, NftChain, NftMap, NftSet, NftStatement, NftTable } from '../tables/model.ts';
import { ENCRYPTED_VNIS, JUMP_MAP_TYPE, JUMP_MAPS, VNI_FIELD } from '../tables/names.ts';
import { tableName } from '../tables/print.ts';
import { nftRule } from '../tables/rule.ts';

/** One of Docker's tables as a baseline holds it: what is Docker's, without what was counted. */
export interface RecordedTable {
  readonly family: Family;
  readonly name: string;
  readonly chains: readonly RecordedTableChain[];
  /** Docker's maps, which lead from a bridge to its chain. */
  readonly maps: readonly { readonly name: string; readonly elements: readonly string[] }[];
  readonly sets: readonly { readonly name: string; readonly elements: readonly string[] }[];
}

/** One chain of it, with its rules in order. */
export interface RecordedTableChain {
  readonly name: string;
  readonly base?: NftBase;
  readonly rules: readonly { readonly statements: readonly NftStatement[]; readonly comment?: string }[];
}

/**
 * What a baseline holds of Docker's tables. What somebody added to them is left out: it is never written.
 *
 * @param tables - as they were read
 */
export const recordTables = (tables: readonly NftTable[]): readonly RecordedTable[] =>
  tables.map(({ family, name, chains, maps, sets }) => ({
    family,
    name,
    chains: [...chains.values()].flatMap((chain) => recordChain(name, chain)),
    maps: [...maps.values()].flatMap((map) => recordMap(map)),
    sets: [...sets.values()]
      .filter((set) => set.name === ENCRYPTED_VNIS)
      .map((set) => ({ name: set.name, elements: set.elements.filter(isVni) })),
  }));

function recordChain(table: string, { name, base, rules }: NftChain): readonly RecordedTableChain[] {
  if (dockersChain(table, name) === undefined) return [];
  const own = rules.filter((rule) => ownTableRule(table, name, rule).purpose !== undefined);
  return [
    {
      name,
      ...(base === undefined ? {} : { base }),
      rules: own.map(({ statements, comment }) => ({
        statements,
        ...(comment === '' ? {} : { comment }),
      })),
    },
  ];
}

function recordMap({ name, elements }: NftMap): RecordedTable['maps'] {
  const prefix = prefixOf(name);
  if (prefix === undefined) return [];
  return [
    {
      name,
      elements: [...elements].flatMap(([bridge, to]) => (to === `jump ${prefix}${bridge}` ? [bridge] : [])),
    },
  ];
}

const prefixOf = (map: string): string | undefined => JUMP_MAPS.find(({ map: name }) => name === map)?.prefix;

const isVni = (element: string): boolean => /^\d+$/.test(element);

/** Recorded tables as they are compared and written, and why they are not to be: what in them is not Docker's. */
export interface ReadRecordedTables {
  readonly tables: readonly NftTable[];
  readonly objections: readonly string[];
}

/** Reads tables back from a baseline that fits its schema. Nothing is taken that Docker does not write: root is about to write it. */
export function readRecordedTables(recorded: readonly RecordedTable[]): ReadRecordedTables {
  const objections: string[] = [];
  const tables = recorded.map((table): NftTable => {
    const object = (what: string): void => {
      objections.push(`table ${tableName(table)}: ${what}`);
    };
    const chains = table.chains.map((chain) => readChain(table.name, chain, object));
    const maps = table.maps.map(({ name, elements }): NftMap => {
      const prefix = prefixOf(name);
      if (prefix === undefined) object(`map ${name} is not Docker's`);
      const led = elements.map((bridge): [string, string] => [bridge, `jump ${prefix ?? ''}${bridge}`]);
      return { name, type: JUMP_MAP_TYPE, elements: new Map(led) };
    });
    const sets = table.sets.map(({ name, elements }): NftSet => {
      if (name !== ENCRYPTED_VNIS || !elements.every(isVni)) object(`set ${name} is not Docker's`);
      return { name, type: `typeof ${VNI_FIELD}`, elements };
    });
    const { family, name } = table;
    return { family, name, chains: byName(chains), maps: byName(maps), sets: byName(sets), others: [] };
  });
  const names = tables.map(tableName);
  if (new Set(names).size < names.length) objections.push('a table is recorded twice');
  return { tables, objections };
}

const byName = <Named extends { readonly name: string }>(all: readonly Named[]): ReadonlyMap<string, Named> =>
  new Map(all.map((one) => [one.name, one]));

function readChain(
  table: string,
  { name, base, rules: recorded }: RecordedTableChain,
  object: (what: string) => void,
): NftChain {
  if (dockersChain(table, name) === undefined) object(`chain ${name} is not Docker's`);
  const rules = recorded.map(({ statements, comment }) =>
    nftRule(statements, comment === undefined ? {} : { comment }),
  );
  for (const rule of rules)
    if (ownTableRule(table, name, rule).purpose === undefined)
      object(`chain ${name}: not a rule of Docker's: ${rule.text}`);
  return { name, base, rules };
}
