import { isRecord, listOf, textOf, type Json } from '../../../docker/inventory/inventory.ts';
import { Fault } from '../../../fault.ts';
import type { Family } from '../../../net/family.ts';
import type { NftBase, NftChain, NftMap, NftRule, NftSet, NftTable } from './model.ts';
import { fieldOf, readCount, readStatement } from './read-statement.ts';
import { nftRule } from './rule.ts';

const FAMILIES: Readonly<Record<string, Family>> = { ip: 'ipv4', ip6: 'ipv6' };
/** The version of nft's JSON that is understood: the only one from 0.9 to 1.1. */
const SCHEMA_VERSION = 1;
/** A table of 100,000 rules has some 35 million characters. */
const MOST_CHARACTERS = 256 * 1024 * 1024;

/** A table while its parts are read. */
interface TableParts {
  readonly family: Family;
  readonly name: string;
  readonly chains: Map<string, NftChain & { readonly rules: NftRule[] }>;
  readonly maps: Map<string, NftMap>;
  readonly sets: Map<string, NftSet>;
  readonly others: string[];
}

/**
 * The tables of the families ip and ip6 in what `nft -j list table` or `nft -j list ruleset` prints (1.0.6, 1.1.3 and 1.1.7 print
 * Docker's alike, but for the order within sets and maps).
 *
 * @param where - what was read, for messages
 * @throws {@link Fault} RG_PARSE for what is not understood as a whole. A single statement, element or object that is not, is kept as it
 *   is, so that it is never taken for absent
 */
export function parseNftTables(text: string, where: string): readonly NftTable[] {
  const tables = new Map<string, TableParts>();
  try {
    for (const object of objectsOf(text)) addObject(object, tables);
  } catch (error) {
    // JSON.stringify ends in a RangeError where statements are nested more deeply than any that nft takes.
    if (!(error instanceof Unreadable) && !(error instanceof RangeError)) throw error;
    const what = error instanceof Unreadable ? error.message : 'its statements are nested too deeply';
    throw new Fault('RG_PARSE', 3, `${where}: ${what}`, {
      hint: 'Nothing was changed. See what it holds: nft -a list ruleset',
    });
  }
  return [...tables.values()];
}

class Unreadable extends Error {}

function objectsOf(text: string): readonly Json[] {
  if (text.length > MOST_CHARACTERS) throw new Unreadable('it is too large to be read');
  const found = jsonOf(text);
  const objects = isRecord(found) ? found['nftables'] : undefined;
  if (!Array.isArray(objects)) throw new Unreadable('it is not what nft -j prints');
  const listed = objects.filter(isRecord);
  const about = listed.map((object) => object['metainfo']).find(isRecord);
  const version = about?.['json_schema_version'];
  if (version !== undefined && version !== SCHEMA_VERSION)
    throw new Unreadable(`version ${JSON.stringify(version)} of nft's JSON is not known`);
  if (listed.length < objects.length) throw new Unreadable('it lists something that is no object');
  return listed;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable('it is not JSON');
  }
}

function addObject(object: Json, tables: Map<string, TableParts>): void {
  const [[kind, value] = ['', undefined]] = Object.entries(object);
  if (kind === 'metainfo') return;
  if (!isRecord(value)) throw new Unreadable(`it lists a ${kind} that is no object`);
  const family = FAMILIES[textOf(value['family'])];
  if (family === undefined) return;
  if (kind === 'table') {
    openTable(family, nameOf(value, kind), tables);
    return;
  }
  const table = tables.get(`${family} ${textOf(value['table'])}`);
  if (table === undefined) throw new Unreadable(`it lists a ${kind} of a table that it does not list`);
  switch (kind) {
    case 'chain':
      addTo(table.chains, { name: nameOf(value, kind), base: baseOf(value), rules: [] }, kind);
      return;
    case 'map':
      addTo(table.maps, mapOf(value), kind);
      return;
    case 'set':
      addTo(table.sets, setOf(value), kind);
      return;
    case 'rule':
      addRule(table, value);
      return;
    default:
      table.others.push(JSON.stringify(object));
  }
}

function openTable(family: Family, name: string, tables: Map<string, TableParts>): void {
  const key = `${family} ${name}`;
  if (tables.has(key)) throw new Unreadable(`it lists table ${name} twice`);
  tables.set(key, { family, name, chains: new Map(), maps: new Map(), sets: new Map(), others: [] });
}

function addTo<Named extends { readonly name: string }>(
  known: Map<string, Named>,
  one: Named,
  kind: string,
): void {
  if (known.has(one.name)) throw new Unreadable(`it lists ${kind} ${one.name} twice`);
  known.set(one.name, one);
}

function nameOf(value: Json, kind: string): string {
  const name = textOf(value['name']);
  if (name === '') throw new Unreadable(`it lists a ${kind} without a name`);
  return name;
}

function baseOf(chain: Json): NftBase | undefined {
  const { type, hook, prio, policy } = chain;
  if (type === undefined && hook === undefined) return undefined;
  if (typeof prio !== 'number') throw new Unreadable(`chain ${nameOf(chain, 'chain')} has no priority`);
  return { type: textOf(type), hook: textOf(hook), priority: prio, policy: textOf(policy) };
}

function addRule(table: TableParts, value: Json): void {
  const chain = table.chains.get(textOf(value['chain']));
  if (chain === undefined) throw new Unreadable('it lists a rule of a chain that it does not list');
  const { expr, handle, comment } = value;
  if (!Array.isArray(expr) || typeof handle !== 'number')
    throw new Unreadable(`it lists a rule of chain ${chain.name} without statements or a handle`);
  const statements: readonly unknown[] = expr;
  chain.rules.push(
    nftRule(statements.map(readStatement), {
      comment: textOf(comment),
      handle,
      counted: statements.map(readCount).find((count) => count !== undefined),
    }),
  );
}

/** What a set or map is made with beside its type: none of Docker's has any. */
const FEATURES: readonly string[] = [
  'flags',
  'timeout',
  'gc-interval',
  'size',
  'policy',
  'auto-merge',
  'stmt',
];

/** A type, or the field whose type it is. nft 1.0.6 lists `integer` for a field of raw bits. */
const plainType = (type: unknown): string => {
  const field = isRecord(type) ? fieldOf(type['typeof']) : undefined;
  if (field !== undefined) return `typeof ${field}`;
  return typeof type === 'string' ? type : JSON.stringify(type);
};

const typeOf = (value: Json, ...more: readonly string[]): string => {
  const features = FEATURES.filter((name) => name in value).map(
    (name) => `${name} ${JSON.stringify(value[name])}`,
  );
  return [plainType(value['type']), ...more, ...features].join(' ');
};

function mapOf(value: Json): NftMap {
  const elements = listOf(value['elem'])
    .map((element) => mappingOf(element))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const to = value['map'];
  const type = typeOf(value, `: ${typeof to === 'string' ? to : JSON.stringify(to)}`);
  return { name: nameOf(value, 'map'), type, elements: new Map(elements) };
}

function mappingOf(element: unknown): readonly [key: string, value: string] {
  const pair: readonly unknown[] = Array.isArray(element) ? element : [];
  const [key, to] = pair;
  if (pair.length !== 2) return [JSON.stringify(element), ''];
  const verdict = readStatement(to);
  return [keyOf(key), verdict.is === 'jump' ? `jump ${verdict.chain}` : JSON.stringify(to)];
}

const keyOf = (key: unknown): string =>
  typeof key === 'string' || typeof key === 'number' ? String(key) : JSON.stringify(key);

function setOf(value: Json): NftSet {
  return {
    name: nameOf(value, 'set'),
    type: typeOf(value),
    elements: listOf(value['elem']).map(keyOf).sort(),
  };
}
