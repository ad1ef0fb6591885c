import { Fault } from '../../../fault.ts';
import type { DeclaredTable } from '../text/declared-table.ts';
import { tokensOf, type Token } from '../text/tokens.ts';
import { undeclarableTable } from './undeclarable-table.ts';

const FAMILY = /^(?:ip|ip6|inet|arp|bridge|netdev)$/;
const NAME = /^[A-Za-z_][\w.-]*$/;

/** Characters; what nft lists of 20,000 rules of an operator's is less. */
const MOST = 4 * 1024 * 1024;

/** What makes nft read other files, or put other words in the place of these. */
const DIRECTIVE = /^(?:include|define|redefine|undefine)$|^\$/;

/**
 * Reads declared tables: blocks `table FAMILY NAME { … }` as `nft list table` prints them, and nothing else. Whether nft takes what is inside
 * is nft's to say, in a network namespace of its own.
 *
 * @param text - the file as latin1
 * @param source - its path
 * @throws Fault RG_DECLARED naming the line
 */
export function parseDeclaredTables(text: string, source: string): readonly DeclaredTable[] {
  const fail = (at: number, what: string): never => {
    const line = text.slice(0, at).split('\n').length;
    throw new Fault('RG_DECLARED', 2, `the declaration ${source} is not used: line ${String(line)} ${what}`, {
      hint: "Correct that line, or move the file away and declare the table as it is now: rulesguard snapshot --declare --table 'inet NAME'",
    });
  };
  if (text.length > MOST)
    throw new Fault(
      'RG_DECLARED',
      2,
      `the declaration ${source} is not used: it is larger than ${String(MOST)} bytes`,
      {
        hint: 'Keep large sets in a table of their own, which is not declared',
      },
    );
  // To nft a string ends at the next quotation mark, whatever is before it.
  const escape = text.indexOf('\\');
  if (escape !== -1) fail(escape, 'holds a backslash');
  const tokens =
    tokensOf(text) ??
    fail(text.length, 'is not the end of what nft prints: a brace or a quotation mark is open');
  const found: DeclaredTable[] = [];
  let depth = 0;
  let head: Token[] = [];
  let begun: { readonly table: string; readonly from: number } | undefined;
  for (const token of tokens) {
    const { kind, text: word, from, to } = token;
    if (kind === 'word' && DIRECTIVE.test(word))
      fail(from, `holds ${word}: only what nft itself prints is read`);
    if (kind === 'mark' && word === '{') {
      if (depth === 0)
        begun = {
          table: tableOf(head) ?? fail(from, 'does not begin a table: table FAMILY NAME {'),
          from: head[0]?.from ?? from,
        };
      depth++;
    } else if (kind === 'mark' && word === '}') {
      depth--;
      if (depth > 0 || begun === undefined) continue;
      const { table, from: start } = begun;
      const block = `${text.slice(start, to)}\n`;
      const why = found.some((one) => one.table === table)
        ? 'is listed twice'
        : undeclarableTable(table, block);
      if (why !== undefined) fail(start, `declares table ${table}, which ${why}`);
      found.push({ table, text: block });
      head = [];
    } else if (depth === 0) {
      if (kind !== 'end') head.push(token);
      else if (head.length > 0)
        fail(head[0]?.from ?? from, 'is not a table: nothing else can be declared here');
    }
  }
  if (head.length > 0) fail(text.length, 'is not a table: nothing else can be declared here');
  return found;
}

function tableOf(head: readonly Token[]): string | undefined {
  const [word, family, name, more] = head.map((token) => (token.kind === 'word' ? token.text : ''));
  return word === 'table' && more === undefined && FAMILY.test(family ?? '') && NAME.test(name ?? '')
    ? `${String(family)} ${String(name)}`
    : undefined;
}

/** The file that declares tables. */
export const printDeclaredTables = (tables: readonly DeclaredTable[]): string =>
  tables.map(({ text }) => text).join('\n');
