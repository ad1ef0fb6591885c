import { HOOK_PRIORITY } from '../../../net/hook-priority.ts';
import type { Base, Element, Mapping, NativeChain, NativeRule, NativeTable } from './model.ts';
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
  const sets = new Map<string, readonly Element[] | undefined>();
  const maps = new Map<string, readonly Mapping[] | undefined>();
  const [first] = linesOf(table.body);
  const isDormant = first?.[0]?.text === 'flags' && first.some((token) => token.text === 'dormant');
  for (const { head, body } of blocksOf(table.body)) {
    const [kind, own = ''] = head;
    if (kind === 'chain') readChain(own, body, text, chains);
    else if (kind === 'set') sets.set(own, elementsOf(body, readElements));
    else if (kind === 'map') maps.set(own, elementsOf(body, readMappings));
  }
  for (const set of writtenTo(table.body)) for (const known of [sets, maps]) known.set(set, undefined);
  return { family, name, isDormant, chains, sets, maps };
}

/** Sets that rules write to: what they hold when a packet comes, nobody knows. */
const writtenTo = (tokens: readonly Token[]): readonly string[] =>
  tokens.flatMap(({ text, kind }, i) => {
    const before = tokens[i - 1];
    const isWritten = before?.kind === 'word' && /^(?:add|update|delete)$/.test(before.text);
    return kind === 'word' && text.startsWith('@') && isWritten ? [text.slice(1)] : [];
  });

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

/** Lines, each with all that stands in the braces it opens. */
function linesOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const lines: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'mark' && token.text === '{') depth++;
    if (token.kind === 'mark' && token.text === '}') depth--;
    if (token.kind === 'end' && depth === 0) lines.push([]);
    else lines.at(-1)?.push(token);
  }
  return lines.filter((line) => line.some(({ kind }) => kind !== 'handle'));
}

/** Reads a chain, and those that stand in braces behind its jumps: they get names of their own. */
function readChain(
  name: string,
  body: readonly Token[],
  text: string,
  chains: Map<string, NativeChain>,
): void {
  let base: Base | undefined;
  const rules: NativeRule[] = [];
  let inner = 0;
  const makeChain = (rulesWithin: readonly Token[]): string => {
    const own = `${name} {${String(++inner)}}`;
    readChain(own, rulesWithin, text, chains);
    return own;
  };
  for (const line of linesOf(body)) {
    const words = line.filter(({ kind }) => kind !== 'handle');
    const [first] = words;
    if (first?.text === 'type' && rules.length === 0) base = { ...baseOf(words), policy: 'accept' };
    else if (first?.text === 'policy' && base !== undefined)
      base = { ...base, policy: words[1]?.text === 'drop' ? 'drop' : 'accept' };
    else if (first?.text !== 'comment') {
      const handle = line.findLast(({ kind }) => kind === 'handle')?.text ?? '';
      const own = text.slice(first?.from, words.at(-1)?.to).replaceAll(/\s*\n\s*/g, ' ');
      rules.push(readRule({ tokens: words, text: own, handle, makeChain }));
    }
  }
  const handle = body[0]?.kind === 'handle' ? Number(body[0].text) : 0;
  chains.set(name, { name, handle, base, rules });
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
  const at = words.findIndex(({ text: word }) => word === 'device' || word === 'devices');
  const until = words.findIndex(({ text: word }) => word === 'priority');
  const devices = (at === -1 ? [] : words.slice(at + 1, until))
    .filter(({ kind, text: word }) => kind !== 'mark' && word !== '=')
    .map(({ text: word }) => word);
  const named = PRIORITIES[level] ?? (/^-?\d+$/.test(level) ? Number(level) : undefined);
  const shift = sign === undefined ? 0 : Number(`${sign}${offset ?? ''}`);
  const priority = named === undefined || Number.isNaN(shift) ? undefined : named + shift;
  return { type, hook, devices, priority };
}

function elementsOf<Held>(
  body: readonly Token[],
  read: (tokens: readonly Token[]) => readonly Held[] | undefined,
): readonly Held[] | undefined {
  // Rules add to it: what it holds when a packet comes, nobody knows.
  if (body.some(({ text, kind }) => kind === 'word' && text === 'dynamic')) return undefined;
  const at = body.findIndex(({ text }) => text === 'elements');
  if (at === -1) return [];
  const end = body.findIndex(({ kind }, index) => kind === 'end' && index > at);
  return read(body.slice(at + 2, end === -1 ? undefined : end));
}
