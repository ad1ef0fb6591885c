import { BRIDGES_TABLE, OVERLAY_TABLE } from '../tables/names.ts';
import { tokensOf, type Token } from '../text/tokens.ts';

/** What `nft list ruleset` printed, without Docker's own tables. */
export interface StrippedListing {
  /** All other bytes as they were. */
  readonly text: string;
  /** Chains of iptables' tables that are in it, with their table: `ip nat DOCKER`. */
  readonly chainsOfIptables: readonly string[];
  /** The first line, if any, that speaks of Docker's tables in another way than a listing does. */
  readonly mention: string | undefined;
}

const DOCKERS: ReadonlySet<string> = new Set([BRIDGES_TABLE, OVERLAY_TABLE]);
const OF_IPTABLES: ReadonlySet<string> = new Set(['raw', 'mangle', 'nat', 'filter', 'security']);

/** Whether a text is nft's, by its first line that says anything: iptables-save begins a table with `*`. */
export const isListing = (text: string): boolean =>
  /^\s*(?:#[^\n]*\n\s*)*(?:table|add table|create table|flush ruleset|destroy table|delete table|define|include)\b/.test(
    text,
  );

/**
 * Takes Docker's own tables out of a listing, or of a file for `nft -f` that was made of one.
 *
 * @returns undefined for text that nft does not print
 */
export function stripListing(text: string): StrippedListing | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const blocks = tableBlocks(tokens);
  let kept = '';
  let at = 0;
  for (const { from, to } of blocks.filter((block) => DOCKERS.has(block.name))) {
    const [start, end] = [lineStart(text, from), lineEnd(text, to)];
    kept += text.slice(at, start);
    at = end;
  }
  kept += text.slice(at);
  return {
    text: kept,
    chainsOfIptables: blocks
      .filter(({ family, name }) => /^ip6?$/.test(family) && OF_IPTABLES.has(name))
      .flatMap(({ family, name, chains }) => chains.map((chain) => `${family} ${name} ${chain}`)),
    mention: kept
      .split('\n')
      .find((line) => /^[^#]*\bdocker-(?:bridges|overlay)\b/.test(line.replaceAll(/"[^"]*"/g, '""'))),
  };
}

interface TableBlock {
  readonly family: string;
  readonly name: string;
  readonly chains: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** The tables written as a block: `table ip NAME {`, also after `add` or `create`. */
function tableBlocks(tokens: readonly Token[]): readonly TableBlock[] {
  const blocks: TableBlock[] = [];
  let head: Token[] = [];
  let depth = 0;
  let chains: string[] = [];
  let opened: { family: string; name: string; from: number } | undefined;
  for (const token of tokens) {
    const { kind, text } = token;
    if (kind === 'mark' && text === '{') {
      const words = head.map((one) => one.text);
      if (depth === 0) opened = tableOf(words, head[0]?.from ?? token.from);
      else if (depth === 1 && words[0] === 'chain') chains.push(words[1] ?? '');
      depth++;
      head = [];
    } else if (kind === 'mark' && text === '}') {
      depth--;
      if (depth === 0) {
        if (opened !== undefined) blocks.push({ ...opened, chains, to: token.to });
        chains = [];
      }
      head = [];
    } else if (kind === 'end') head = [];
    else head.push(token);
  }
  return blocks;
}

/** A table without a family is one of ip. */
function tableOf(
  words: readonly string[],
  from: number,
): { readonly family: string; readonly name: string; readonly from: number } | undefined {
  const [word, ...more] = /^(?:add|create)$/.test(words[0] ?? '') ? words.slice(1) : words;
  if (word !== 'table') return undefined;
  const [family = '', name = ''] = more.length === 1 ? ['ip', ...more] : more;
  return { family, name, from };
}

/** Where the line begins, unless something stands before on it. */
function lineStart(text: string, from: number): number {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  return text.slice(start, from).trim() === '' ? start : from;
}

/** Behind the line's end, unless something else follows on it. */
function lineEnd(text: string, to: number): number {
  const rest = /^[^\S\n]*(?:\n|$)/.exec(text.slice(to));
  return rest === null ? to : to + rest[0].length;
}
