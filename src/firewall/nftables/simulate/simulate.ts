import type { Family } from '../../../net/family.ts';
import type { TableEdit } from '../tables/edit.ts';
import type { NftChain, NftMap, NftRule, NftSet, NftTable } from '../tables/model.ts';

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
  let draft = live === undefined ? undefined : new TableDraft(live);
  for (const edit of edits) {
    if (edit.edit === 'add-table')
      draft ??= new TableDraft({
        family,
        name,
        chains: new Map(),
        maps: new Map(),
        sets: new Map(),
        others: [],
      });
    else if (draft === undefined) throw new Error(`no table for ${edit.edit}`);
    else if (edit.edit === 'delete-table') draft = undefined;
    else draft.change(edit);
  }
  return draft?.table();
}

/** A table while edits are made: each chain, map and set is copied once, however many edits are about it. */
class TableDraft {
  private readonly was: NftTable;
  private readonly chains: Map<string, NftChain>;
  private readonly maps: Map<string, NftMap>;
  private readonly sets: Map<string, NftSet>;
  private readonly rules = new Map<string, NftRule[]>();
  private readonly elements = new Map<string, Map<string, string>>();

  constructor(was: NftTable) {
    this.was = was;
    this.chains = new Map(was.chains);
    this.maps = new Map(was.maps);
    this.sets = new Map(was.sets);
  }

  change(edit: Exclude<TableEdit, { edit: 'add-table' | 'delete-table' }>): void {
    switch (edit.edit) {
      case 'add-chain': {
        const rules = this.chains.get(edit.chain)?.rules ?? [];
        this.chains.set(edit.chain, { name: edit.chain, base: edit.base, rules });
        return;
      }
      case 'delete-chain':
        this.chains.delete(edit.chain);
        this.rules.delete(edit.chain);
        return;
      case 'add-map':
        if (!this.maps.has(edit.name))
          this.maps.set(edit.name, { name: edit.name, type: edit.type, elements: new Map() });
        return;
      case 'add-set':
        if (!this.sets.has(edit.name))
          this.sets.set(edit.name, { name: edit.name, type: edit.type, elements: [] });
        return;
      case 'add-rule':
      case 'delete-rule':
        this.changeRules(edit);
        return;
      case 'add-element':
      case 'delete-element':
        this.changeElements(edit);
    }
  }

  table(): NftTable {
    const inOrder = (of: string): readonly [string, string][] =>
      [...(this.elements.get(of) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const of of this.elements.keys()) {
      const map = this.maps.get(of);
      const set = this.sets.get(of);
      if (map !== undefined) this.maps.set(of, { ...map, elements: new Map(inOrder(of)) });
      else if (set !== undefined) this.sets.set(of, { ...set, elements: inOrder(of).map(([key]) => key) });
    }
    for (const [name, rules] of this.rules) {
      const chain = this.chains.get(name);
      if (chain !== undefined) this.chains.set(name, { ...chain, rules });
    }
    return { ...this.was, chains: this.chains, maps: this.maps, sets: this.sets };
  }

  private changeRules(edit: Extract<TableEdit, { edit: 'add-rule' | 'delete-rule' }>): void {
    const chain = this.chains.get(edit.chain);
    if (chain === undefined) throw new Error(`no chain ${edit.chain}`);
    const rules = this.rules.get(edit.chain) ?? [...chain.rules];
    this.rules.set(edit.chain, rules);
    const handle = edit.edit === 'delete-rule' ? edit.handle : edit.before;
    const at = handle === undefined ? rules.length : rules.findIndex((rule) => rule.handle === handle);
    if (at === -1) throw new Error(`no rule of handle ${String(handle)} in ${edit.chain}`);
    if (edit.edit === 'add-rule') rules.splice(at, 0, edit.rule);
    else rules.splice(at, 1);
  }

  private changeElements(edit: Extract<TableEdit, { edit: 'add-element' | 'delete-element' }>): void {
    const { of, key } = edit;
    const elements = this.elements.get(of) ?? this.elementsOf(of);
    if (elements === undefined || elements.has(key) !== (edit.edit === 'delete-element'))
      throw new Error(`${edit.edit} of ${key} in ${of}`);
    this.elements.set(of, elements);
    if (edit.edit === 'add-element') elements.set(key, edit.value);
    else elements.delete(key);
  }
  private elementsOf(of: string): Map<string, string> | undefined {
    const held = this.maps.get(of)?.elements ?? this.sets.get(of)?.elements.map((one) => [one, ''] as const);
    return held && new Map(held);
  }
}
