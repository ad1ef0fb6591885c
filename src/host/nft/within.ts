import {
  type HostRules,
  isBuiltin,
  makeRule,
  type Rule,
  type Ruleset,
} from '../../firewall/iptables/text/model.ts';
import { FAMILIES, NFT_FAMILY, type Family } from '../../net/family.ts';
import type { KernelRules } from '../../firewall/iptables/text/bytecode.ts';
import { hiddenIn, NATIVE } from '../../firewall/iptables/text/hidden.ts';
import { XTABLES } from '../../firewall/nftables/tables/names.ts';
import { COMMAND_ENV, runHere, type Runner } from '../command/command.ts';
import { which } from '../command/which.ts';
import { isNftsOwn, output, type NativeTableText } from './sets-native.ts';

/** What nft holds inside a table of iptables' (`ip filter`) and iptables-save does not print, or not in full. */
export interface Within {
  /** `ip filter` */
  readonly table: string;
  /** Its sets, maps and base chains, as `nft -f` takes them. */
  readonly text: string;
  /** Rules among those of iptables', by their place in the chain. */
  readonly rules: readonly { readonly chain: string; readonly index: number; readonly words: string }[];
}

/**
 * Reads what nft holds inside iptables' tables.
 *
 * @param rules - both families, compared with nft's listing
 * @throws Fault RG_COMMAND unless all of it can be listed
 */
export async function readWithin(rules: HostRules): Promise<readonly Within[]> {
  const found = new Map<string, Within>();
  for (const { table, text } of await readOwnBlocks()) found.set(table, { table, text, rules: [] });
  for (const family of FAMILIES)
    for (const { table, rule } of hiddenIn(rules[family])) {
      const name = `${NFT_FAMILY[family]} ${table}`;
      const known = found.get(name) ?? { table: name, text: '', rules: [] };
      const index = rules[family].tables.get(table)?.chains.get(rule.chain)?.rules.indexOf(rule) ?? -1;
      const words = rule.text.slice(`-A ${rule.chain} ${NATIVE} `.length);
      found.set(name, { ...known, rules: [...known.rules, { chain: rule.chain, index, words }] });
    }
  return [...found.values()].sort((a, b) => (a.table < b.table ? -1 : 1));
}

/** One process for all names there are. */
const OVERVIEW = 'list tables\nlist chains\nlist sets\nlist maps\n';

const listOverview = (runner: Runner): Promise<string> => output(['nft', '-t', '-f', '-'], OVERVIEW, runner);

/**
 * All that decides about packets and is nftables' own: its tables, and the sets, maps and base chains inside those of iptables, with
 * the chains that their jumps lead to. With the handles of rules, as comments.
 *
 * @returns null where nft is not installed
 * @throws Fault RG_COMMAND unless all of it can be listed
 */
export async function readNatives(runner: Runner = runHere): Promise<readonly NativeTableText[] | null> {
  if ((await which('nft', COMMAND_ENV.PATH)) === undefined) return null;
  const overview = await listOverview(runner);
  const names = overview.split('\n').flatMap((line) => /^table (\S+ \S+)$/.exec(line)?.[1] ?? []);
  const isOwn = await isNftsOwn();
  const own = names.filter(isOwn);
  const [tables, blocks] = await Promise.all([
    Promise.all(own.map(async (table) => ({ table, text: await listTable(table, '-sa', runner) }))),
    ownBlocksIn(overview, '-sa', runner),
  ]);
  return [...tables, ...blocks.filter(({ table }) => !isOwn(table))];
}

/** Sets, maps and base chains that nft holds inside iptables' tables, as a text to load. */
const readOwnBlocks = async (): Promise<readonly NativeTableText[]> =>
  ownBlocksIn(await listOverview(runHere), '-s', runHere);

/**
 * @param how - `-s` for a text to load; `-sa` for one to trace: with the handles of rules, and with the chains that
 *   their jumps lead to, which iptables-save prints too
 */
const ownBlocksIn = (
  overview: string,
  how: '-s' | '-sa',
  runner: Runner,
): Promise<readonly NativeTableText[]> =>
  Promise.all(
    [...new Set(tablesWithOwn(overview))].map(async (table) => ({
      table,
      text: ownBlocks(await listTable(table, how, runner), table, how === '-sa'),
    })),
  );

const listTable = (table: string, how: '-s' | '-sa', runner: Runner): Promise<string> =>
  output(['nft', how, 'list', 'table', ...table.split(' ')], undefined, runner);

/** Blocks of a listing: the kind, the name, and all their lines. */
function* blocksOf(
  listing: string,
): Generator<{ table: string; kind: string; name: string; lines: string[] }> {
  let table = '';
  let block: { table: string; kind: string; name: string; lines: string[] } | undefined;
  for (const line of listing.split('\n')) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    const [, kind, name] = /^\t(\w+) (.+?) \{/.exec(line) ?? [];
    if (kind !== undefined && name !== undefined) block = { table, kind, name, lines: [] };
    block?.lines.push(line);
    if (/^\t\}/.test(line) && block !== undefined) {
      yield block;
      block = undefined;
    }
  }
}

/** Whether a block is nft's own: iptables-nft writes only chains, and only the built-in base chains. */
function isOwn({
  table,
  kind,
  name,
  lines,
}: {
  table: string;
  kind: string;
  name: string;
  lines: string[];
}): boolean {
  if (kind !== 'chain') return true;
  return (
    lines.some((line) => /^\t\ttype \S+ hook /.test(line)) && !isBuiltin(table.replace(/^\S+ /, ''), name)
  );
}

const tablesWithOwn = (listing: string): readonly string[] =>
  [...blocksOf(listing)]
    .filter((block) => XTABLES.test(block.table) && isOwn(block))
    .map(({ table }) => table);

/** The part of a table's listing that is nft's own, if wanted with the chains it jumps to, as a listing; '' for none. */
function ownBlocks(listing: string, table: string, followed: boolean): string {
  const blocks = [...blocksOf(listing)];
  const own = new Set(blocks.filter(isOwn));
  // A loop over a Set also visits what is added during the loop.
  if (followed) for (const { lines } of own) for (const block of ledTo(lines, blocks)) own.add(block);
  const lines = [...own].flatMap((block) => block.lines);
  return lines.length === 0 ? '' : `table ${table} {\n${lines.join('\n')}\n}\n`;
}

function ledTo<B extends { kind: string; name: string }>(
  lines: readonly string[],
  blocks: readonly B[],
): readonly B[] {
  const names = new Set(
    lines.flatMap((line) => [...line.matchAll(/\b(?:jump|goto) ([^\s,}]+)/g)].map(([, name = '']) => name)),
  );
  return blocks.filter(({ kind, name }) => kind === 'chain' && names.has(name));
}

/** Saved rules, with those of nft's marked again as they were when read. */
export function marked(rules: HostRules, within: readonly Within[]): HostRules {
  const mark = (family: Family): Ruleset => {
    const tables = new Map(rules[family].tables);
    for (const { table: name, rules: own } of within) {
      const [nft, table = ''] = name.split(' ');
      const known = tables.get(table);
      if (nft !== NFT_FAMILY[family] || known === undefined) continue;
      const chains = new Map(known.chains);
      for (const { chain, index, words } of own) {
        const holder = chains.get(chain);
        const rule = holder?.rules[index];
        if (holder === undefined || rule === undefined) continue;
        const native: Rule = {
          ...makeRule(`-A ${chain} ${NATIVE} ${words}`, rule.counters),
          printed: rule.text,
        };
        chains.set(chain, { ...holder, rules: holder.rules.with(index, native) });
      }
      tables.set(table, { name: table, chains });
    }
    return { tables };
  };
  return { ipv4: mark('ipv4'), ipv6: mark('ipv6') };
}

/** Rules as iptables-restore takes them: a placeholder without effect replaces each of nft's. */
export function withPlaceholders({ tables }: Ruleset): Ruleset {
  return {
    tables: new Map(
      [...tables].map(([name, table]) => [
        name,
        {
          name,
          chains: new Map(
            [...table.chains].map(([chain, all]) => [chain, { ...all, rules: all.rules.map(placeholder) }]),
          ),
        },
      ]),
    ),
  };
}

const placeholder = (rule: Rule): Rule =>
  rule.printed === undefined
    ? rule
    : makeRule(`-A ${rule.chain} -m comment --comment rulesguard-placeholder`, rule.counters);

/**
 * The input of `nft -f` that puts nft's own rules, sets and maps into iptables' tables, replacing their placeholders.
 *
 * @param wanted - what should be there
 * @param present - what of nft's own is there and is deleted first; no longer its rules among iptables'
 * @param held - the rules as they are now
 */
export function withinInput(
  wanted: readonly Within[],
  present: readonly Within[],
  held: KernelRules,
): string {
  const blocks = present.flatMap(({ table, text }) =>
    [...blocksOf(text)].map((block) => ({ ...block, table })),
  );
  const chains = blocks.filter(({ kind }) => kind === 'chain');
  const others = blocks.filter(({ kind }) => kind !== 'chain');
  const replaced = wanted.flatMap(({ table, rules }) =>
    rules.map(({ chain, index, words }) => {
      const handle = held.get(`${table} ${chain}`)?.[index]?.handle ?? '';
      return `replace rule ${table} ${chain} handle ${handle} ${words}\n`;
    }),
  );
  return [
    ...chains.map(({ table, name }) => `flush chain ${table} ${name}\n`),
    ...chains.map(({ table, name }) => `delete chain ${table} ${name}\n`),
    ...others.map(({ table, kind, name }) => `delete ${kind} ${table} ${name}\n`),
    ...wanted.map(({ text }) => text),
    ...replaced,
  ].join('');
}

/** Of a family alone. */
export const ofFamily = (within: readonly Within[], family: Family): readonly Within[] =>
  within.filter(({ table }) => table.startsWith(`${NFT_FAMILY[family]} `));
