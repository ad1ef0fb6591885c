import { FAMILIES } from '../../../net/family.ts';
import { dockersChain, ownTableRule } from '../ownership/ownership.ts';
import type { NftChain, NftMap, NftSet, NftTable } from '../tables/model.ts';
import { BRIDGES_TABLE, ENCRYPTED_VNIS, JUMP_MAPS, OVERLAY_TABLE } from '../tables/names.ts';
import { compareTableChain, type TableTerms } from './chain.ts';
import type { ElementsDrift, StrayObject, StrayElement, TableChainDrift, TableDrift } from './drift.ts';

/**
 * Compares Docker's tables with what they should hold. What was counted, handles, the order of chains, and an order of rules that changes
 * nothing are no difference.
 *
 * @param live - the tables that are there; others than Docker's are left out of account
 * @returns only tables that differ
 */
export function compareTables(
  expected: readonly NftTable[],
  live: readonly NftTable[],
  terms: TableTerms,
): readonly TableDrift[] {
  const drifts = FAMILIES.flatMap((family) =>
    [BRIDGES_TABLE, OVERLAY_TABLE].map((name) => {
      const named = (table: NftTable): boolean => table.family === family && table.name === name;
      return compareTable(expected.find(named), live.find(named), terms);
    }),
  );
  return drifts.filter((drift) => drift !== undefined);
}

function compareTable(
  expected: NftTable | undefined,
  live: NftTable | undefined,
  terms: TableTerms,
): TableDrift | undefined {
  const table = expected ?? live;
  if (table === undefined) return undefined;
  const { family, name } = table;
  const about = { family, name, expected, live };
  if (expected === undefined) {
    const strays = live === undefined || isIdle(live) ? [] : straysIn(live, undefined);
    return strays.length === 0 ? undefined : { ...about, chains: [], maps: [], sets: [], strays };
  }
  const chains = [...expected.chains.values()]
    .map((chain) => compareTableChain(name, chain, live?.chains.get(chain.name), terms))
    .filter((drift): drift is TableChainDrift => drift !== undefined);
  const maps = [...expected.maps.values()].map((map) => elementsDrift(map, live?.maps.get(map.name)));
  const sets = [...expected.sets.values()].map((set) => {
    const held = live?.sets.get(set.name);
    return elementsDrift(asMap(set), held && asMap(held));
  });
  const strays = live === undefined ? [] : straysIn(live, expected);
  const drift = { ...about, chains, maps: maps.filter(differs), sets: sets.filter(differs), strays };
  const isEqual = [chains, drift.maps, drift.sets, strays].every(({ length }) => length === 0);
  return isEqual && live !== undefined ? undefined : drift;
}

/** An overlay that is not encrypted leaves such a table, which does nothing. */
const isIdle = ({ name, chains, maps, sets, others }: NftTable): boolean =>
  name === OVERLAY_TABLE &&
  maps.size === 0 &&
  others.length === 0 &&
  [...sets.values()].every((set) => set.name === ENCRYPTED_VNIS && set.elements.length === 0) &&
  [...chains.values()].every((chain) =>
    chain.rules.every((rule) => ownTableRule(name, chain.name, rule).purpose !== undefined),
  );

/** Whatever stands in a table beside what it should hold. */
function straysIn(live: NftTable, expected: NftTable | undefined): readonly StrayObject[] {
  const chains = [...live.chains.values()].filter(({ name }) => expected?.chains.has(name) !== true);
  const maps = [...live.maps.keys()].filter((name) => expected?.maps.has(name) !== true);
  const sets = [...live.sets.keys()].filter((name) => expected?.sets.has(name) !== true);
  return [
    ...chains.map((chain): StrayObject => ({
      what: chain.name,
      owner: ownerOf(live, chain),
      rules: chain.rules,
    })),
    ...maps.map((name): StrayObject =>
      stray(
        `map ${name}`,
        JUMP_MAPS.some(({ map }) => map === name),
      ),
    ),
    ...sets.map((name): StrayObject => stray(`set ${name}`, name === ENCRYPTED_VNIS)),
    ...live.others.map((json) => stray(json, false)),
  ];
}

const stray = (what: string, isDockers: boolean): StrayObject => ({
  what,
  owner: isDockers ? 'leftover' : 'foreign',
  rules: [],
});

const ownerOf = (live: NftTable, { name, rules }: NftChain): StrayObject['owner'] =>
  dockersChain(live.name, name) !== undefined &&
  rules.every((rule) => ownTableRule(live.name, name, rule).purpose !== undefined)
    ? 'leftover'
    : 'foreign';

/** A set is compared as a map that leads nowhere. */
const asMap = ({ name, type, elements }: NftSet): NftMap => ({
  name,
  type,
  elements: new Map(elements.map((element) => [element, ''])),
});

/** nft 1.0.6 lists sets of raw bits with this type. */
const isSameType = (a: string, b: string): boolean =>
  a === b || (a.startsWith('typeof @') && b === 'integer');

function elementsDrift({ name, type, elements }: NftMap, live: NftMap | undefined): ElementsDrift {
  const held = live?.elements ?? new Map<string, string>();
  return {
    name,
    type,
    exists: live !== undefined,
    isRetyped: live !== undefined && !isSameType(type, live.type),
    missing: new Map([...elements].filter(([key]) => !held.has(key))),
    wrong: [...elements].flatMap(([key, expected]) => {
      const now = held.get(key);
      return now === undefined || now === expected ? [] : [{ key, expected, live: now }];
    }),
    strays: [...held].flatMap(([key, now]): readonly StrayElement[] =>
      elements.has(key)
        ? []
        : [{ key, live: now, owner: isLeftover(name, key, now) ? 'leftover' : 'foreign' }],
    ),
  };
}

/** Whether Docker adds such an element for some bridge or overlay. */
function isLeftover(name: string, key: string, live: string): boolean {
  if (name === ENCRYPTED_VNIS) return /^\d+$/.test(key);
  const prefix = JUMP_MAPS.find(({ map }) => map === name)?.prefix;
  return prefix !== undefined && live === `jump ${prefix}${key}`;
}

const differs = ({ exists, isRetyped, missing, wrong, strays }: ElementsDrift): boolean =>
  !exists || isRetyped || missing.size > 0 || wrong.length > 0 || strays.length > 0;
