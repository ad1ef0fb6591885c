import type { OwnedTables } from './ownership.ts';
import type { Rule } from '../text/model.ts';
import type { Save, SaveItem } from '../text/save.ts';
import { writtenRule } from './written.ts';
import { printItems } from '../text/print.ts';
import { targetOf } from '../text/view.ts';

/**
 * A save without Docker's rules and chains, all other bytes as they were. DOCKER-USER stays while it holds anything of
 * the user's, together with a RETURN of Docker's in front of any of it: rules behind a RETURN do nothing, and must not begin
 * to. Any other chain of Docker's stays, without Docker's rules, while a kept rule is in it or jumps to it: the result must load.
 *
 * @param owned - the save's tables, owned
 */
export function strip(save: Save, owned: OwnedTables): string {
  const kept: SaveItem[] = [];
  for (const { table, items } of sections(save.items))
    kept.push(...stripTable(items, table === undefined ? undefined : owned.get(table)));
  return printItems(kept, save.finalNewline);
}

interface TableSection {
  /** Undefined for the lines outside any table. */
  readonly table: string | undefined;
  readonly items: readonly SaveItem[];
}

const isRule = (item: SaveItem): item is Rule => 'text' in item;

function sections(items: readonly SaveItem[]): readonly TableSection[] {
  const found: { table: string | undefined; items: SaveItem[] }[] = [{ table: undefined, items: [] }];
  for (const item of items) {
    if (!isRule(item) && item.kind === 'table')
      found.push({ table: /^\*[ \t]*(\S+)/.exec(item.raw)?.[1], items: [] });
    found.at(-1)?.items.push(item);
    if (!isRule(item) && item.kind === 'commit') found.push({ table: undefined, items: [] });
  }
  return found;
}

function stripTable(
  items: readonly SaveItem[],
  chains: OwnedTables extends ReadonlyMap<string, infer C> ? C | undefined : never,
): readonly SaveItem[] {
  if (chains === undefined) return items;
  const dockers = new Set<Rule>();
  for (const chain of chains.values()) {
    const lastOfUsers = chain.rules.findLastIndex(({ owner }) => owner === 'shared');
    chain.rules.forEach((owned, i) => {
      if (owned.owner === 'docker' && i > lastOfUsers) dockers.add(writtenRule(owned));
    });
  }
  const needed = new Set<string>();
  for (const item of items) {
    if (!isRule(item) || dockers.has(item)) continue;
    needed.add(item.chain);
    const target = targetOf(item.text);
    if (target !== undefined) needed.add(target);
  }
  const isDropped = (item: SaveItem): boolean => {
    if (isRule(item)) return dockers.has(item);
    const name = item.kind === 'chain' ? /^:[ \t]*(\S+)/.exec(item.raw)?.[1] : undefined;
    const owner = name === undefined ? 'foreign' : (chains.get(name)?.owner ?? 'foreign');
    return owner !== 'foreign' && !needed.has(name ?? '');
  };
  return items.filter((item) => !isDropped(item));
}
