import { HOOK_PRIORITY } from '../../../net/hook-priority.ts';
import type { Base, Mapping, NativeChain, NativeRule, NativeTable, Span } from './model.ts';
import { readElements, readMappings, readRule } from './rule.ts';
import { tokensOf, type Token } from './tokens.ts';

/** Priorities that have a name (nft(8)), in every family that iptables knows. Conntrack's has none. */
const { conntrack: _, ...NAMED } = HOOK_PRIORITY;
const PRIORITIES: Readonly<Record<string, number>> = NAMED;

/** A block of a listing: the words before its brace, and the tokens within. */
interface ListingBlock {
  readonly head: readonly string[];
  readonly body: readonly Token[];
}

/**
 * Reads one table as `nft list table` prints it (1.0.6 and 1.1; with `-a` rules have their handles).
 *
 * @returns undefined for a text that is not understood as a whole; a single rule or set that is not, says so itself
 */
export function parseNativeTable(text: string): NativeTable | undefined {
  const [table] = blocksOf(tokensOf(text) ?? []);
  const [word, family, name] = table?.head ?? [];
  if (table === undefined || word !== 'table' || family === undefined || name === undefined) return undefined;
  const chains = new Map<string, NativeChain>();
  const sets = new Map<string, readonly Span[] | undefined>();
  const maps = new Map<string, readonly Mapping[] | undefined>();
  for (const { head, body } of blocksOf(table.body)) {
    const [kind, own = ''] = head;
    if (kind === 'chain') chains.set(own, chainOf(own, body, text));
    else if (kind === 'set') sets.set(own, elementsOf(body, readElements));
    else if (kind === 'map') maps.set(own, elementsOf(body, readMappings));
  }
  return { family, name, chains, sets, maps };
}

/** The blocks side by side, whatever is between them. */
function blocksOf(tokens: readonly Token[]): readonly ListingBlock[] {
  const blocks: ListingBlock[] = [];
  let head: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token?.kind === 'end') head = [];
    else if (token?.kind === 'mark' && token.text === '{') {
      const end = closing(tokens, at);
      blocks.push({ head, body: tokens.slice(at + 1, end) });
      at = end;
      head = [];
    } else if (token !== undefined) head.push(token.text);
  }
  return blocks;
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const token = tokens[at];
    if (token?.kind !== 'mark') continue;
    if (token.text === '{') depth++;
    if (token.text === '}' && --depth === 0) return at;
  }
  return tokens.length;
}

function linesOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const lines: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'end') lines.push([]);
    else lines.at(-1)?.push(token);
  }
  return lines.filter((line) => line.some(({ kind }) => kind !== 'handle'));
}

function chainOf(name: string, body: readonly Token[], text: string): NativeChain {
  let base: Base | undefined;
  const rules: NativeRule[] = [];
  for (const line of linesOf(body)) {
    const words = line.filter(({ kind }) => kind !== 'handle');
    const [first] = words;
    if (first?.text === 'type' && rules.length === 0) base = { ...baseOf(words), policy: 'accept' };
    else if (first?.text === 'policy' && base !== undefined)
      base = { ...base, policy: words[1]?.text === 'drop' ? 'drop' : 'accept' };
    else {
      const handle = line.find(({ kind }) => kind === 'handle')?.text ?? '';
      const own = text.slice(first?.from, words.at(-1)?.to);
      rules.push(readRule(words, own, handle));
    }
  }
  return { name, base, rules };
}

/** `type filter hook forward priority filter + 10`. */
function baseOf(words: readonly Token[]): Omit<Base, 'policy'> {
  const after = (word: string): readonly string[] => {
    const at = words.findIndex(({ text }) => text === word);
    return at === -1 ? [] : words.slice(at + 1).map(({ text }) => text);
  };
  const [type = ''] = after('type');
  const [hook = ''] = after('hook');
  const [level = '', sign, offset] = after('priority');
  const named = PRIORITIES[level] ?? (/^-?\d+$/.test(level) ? Number(level) : undefined);
  const shift = sign === undefined ? 0 : Number(`${sign}${offset ?? ''}`);
  const priority = named === undefined || Number.isNaN(shift) ? undefined : named + shift;
  return { type, hook, priority };
}

function elementsOf<Element>(
  body: readonly Token[],
  read: (tokens: readonly Token[]) => readonly Element[] | undefined,
): readonly Element[] | undefined {
  // Rules add to it: what it holds when a packet comes, nobody knows.
  if (body.some(({ text, kind }) => kind === 'word' && text === 'dynamic')) return undefined;
  const at = body.findIndex(({ text }) => text === 'elements');
  if (at === -1) return [];
  const end = body.findIndex(({ kind }, index) => kind === 'end' && index > at);
  return read(body.slice(at + 2, end === -1 ? undefined : end));
}
