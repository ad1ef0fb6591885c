import type { Family } from '../../../net/family.ts';
import type { TableEdit } from '../tables/edit.ts';
import type { NftChain, NftMap, NftSet, NftTable } from '../tables/model.ts';

/** Of which table edits are. */
export interface EditedTable {
  readonly family: Family;
  readonly name: string;
}

/**
 * What a table is after some edits, as the kernel makes them.
 *
 * @param live - undefined for a table that is not there
 * @returns the table; undefined where it is gone
 * @throws an Error for an edit that the kernel would refuse: of something that is not there
 */
export function simulateEdits(
  { family, name }: EditedTable,
  live: NftTable | undefined,
  edits: readonly TableEdit[],
): NftTable | undefined {
  const empty: NftTable = { family, name, chains: new Map(), maps: new Map(), sets: new Map(), others: [] };
  let table = live;
  for (const edit of edits) {
    if (edit.edit === 'add-table') table ??= empty;
    else if (table === undefined) throw new Error(`no table for ${edit.edit}`);
    else table = edit.edit === 'delete-table' ? undefined : changed(table, edit);
  }
  return table;
}

function changed(
  table: NftTable,
  edit: Exclude<TableEdit, { edit: 'add-table' | 'delete-table' }>,
): NftTable {
  switch (edit.edit) {
    case 'add-chain': {
      const rules = table.chains.get(edit.chain)?.rules ?? [];
      return withChain(table, { name: edit.chain, base: edit.base, rules });
    }
    case 'delete-chain':
      return { ...table, chains: new Map([...table.chains].filter(([name]) => name !== edit.chain)) };
    case 'add-map':
    case 'add-set':
      return withHolder(table, edit);
    case 'add-rule':
    case 'delete-rule':
      return withChain(table, ruleEdited(table, edit));
    case 'add-element':
    case 'delete-element':
      return elementEdited(table, edit);
  }
}

const withChain = (table: NftTable, chain: NftChain): NftTable => ({
  ...table,
  chains: new Map([...table.chains, [chain.name, chain]]),
});

function withHolder(
  table: NftTable,
  { edit, name, type }: Extract<TableEdit, { edit: 'add-map' | 'add-set' }>,
): NftTable {
  const map: NftMap = table.maps.get(name) ?? { name, type, elements: new Map() };
  const set: NftSet = table.sets.get(name) ?? { name, type, elements: [] };
  return edit === 'add-map'
    ? { ...table, maps: new Map([...table.maps, [name, map]]) }
    : { ...table, sets: new Map([...table.sets, [name, set]]) };
}

function ruleEdited(
  table: NftTable,
  edit: Extract<TableEdit, { edit: 'add-rule' | 'delete-rule' }>,
): NftChain {
  const chain = table.chains.get(edit.chain);
  if (chain === undefined) throw new Error(`no chain ${edit.chain}`);
  const { rules } = chain;
  const handle = edit.edit === 'delete-rule' ? edit.handle : edit.before;
  const at = handle === undefined ? rules.length : rules.findIndex((rule) => rule.handle === handle);
  if (at === -1) throw new Error(`no rule of handle ${String(handle)} in ${edit.chain}`);
  const added = edit.edit === 'add-rule' ? [edit.rule] : [];
  const after = rules.slice(edit.edit === 'delete-rule' ? at + 1 : at);
  return { ...chain, rules: [...rules.slice(0, at), ...added, ...after] };
}

function elementEdited(
  table: NftTable,
  edit: Extract<TableEdit, { edit: 'add-element' | 'delete-element' }>,
): NftTable {
  const { of, key } = edit;
  const map = table.maps.get(of);
  const set = table.sets.get(of);
  const has = map?.elements.has(key) ?? set?.elements.includes(key);
  if (has === undefined || has !== (edit.edit === 'delete-element'))
    throw new Error(`${edit.edit} of ${key} in ${of}`);
  const others = [...(map?.elements ?? [])].filter(([one]) => one !== key);
  const inOrder = (a: readonly [string, string], b: readonly [string, string]): number =>
    a[0] < b[0] ? -1 : 1;
  if (map !== undefined) {
    const added: [string, string][] = edit.edit === 'add-element' ? [[key, edit.value]] : [];
    const elements = new Map([...others, ...added].sort(inOrder));
    return { ...table, maps: new Map([...table.maps, [of, { ...map, elements }]]) };
  }
  const kept = (set?.elements ?? []).filter((one) => one !== key);
  const elements = edit.edit === 'add-element' ? [...kept, key].sort() : kept;
  return { ...table, sets: new Map([...table.sets, [of, { name: of, type: set?.type ?? '', elements }]]) };
}
