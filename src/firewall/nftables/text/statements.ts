import type { MarkChange, MarkOperation, NativeNat } from './model.ts';

/** The words of a rule, as far as they are not read yet. */
export interface WordReader {
  readonly isDone: boolean;
  peek(offset?: number): string;
  /** Takes these words, if they come next. */
  takes(...words: readonly string[]): boolean;
}

const MARKS = { 'meta mark': 'mark', 'ct mark': 'connmark' } as const;

/** nft 1.0 and 1.1 list signs, 0.9 words. */
const MARK_OPERATORS: Readonly<Record<string, MarkOperation['by']>> = {
  ...{ '&': 'and', '|': 'or', '^': 'xor' },
  ...{ and: 'and', or: 'or', xor: 'xor' },
};

const FLAGS = /^(?:random|fully-random|persistent)$/;

/** What follows a word of `set` and makes it one that changes nothing a rule here asks for. */
const HARMLESS_SETS: ReadonlySet<string> = new Set([
  ...['helper', 'nftrace', 'size', 'priority', 'dscp', 'ecn', 'ttl', 'hoplimit', 'timeout', 'event'],
]);

/** Whether a `set` behind this word leaves alone all that decides about a packet. */
export const isHarmlessSet = (before: string): boolean => HARMLESS_SETS.has(before);

const takeWord = (reader: WordReader): string => {
  const word = reader.peek();
  reader.takes(word);
  return word;
};

const markName = (reader: WordReader): 'mark' | 'connmark' | undefined => {
  for (const [words, mark] of Object.entries(MARKS)) if (reader.takes(...words.split(' '))) return mark;
  return undefined;
};

const numberOf = (word: string): number | undefined =>
  /^(?:0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) >>> 0 : undefined;

/** Reads `meta mark set meta mark & 0xff | 0x100`; 'unknown' for a value that is computed otherwise; undefined for another statement. */
export function readMarkChange(reader: WordReader): MarkChange | 'unknown' | undefined {
  if (!Object.hasOwn(MARKS, `${reader.peek()} ${reader.peek(1)}`) || reader.peek(2) !== 'set')
    return undefined;
  const field = markName(reader);
  reader.takes('set');
  const value = markName(reader) ?? numberOf(takeWord(reader));
  if (field === undefined || value === undefined) return 'unknown';
  const operations: MarkOperation[] = [];
  for (let by = MARK_OPERATORS[reader.peek()]; by !== undefined; by = MARK_OPERATORS[reader.peek()]) {
    reader.takes(reader.peek());
    const operand = numberOf(takeWord(reader));
    if (operand === undefined) return 'unknown';
    operations.push({ by, operand });
  }
  return { field, value, operations };
}

/** Reads what stands between a mark and the value it is compared with: `& 0xff ==`; undefined for no mask. */
export function readMask(reader: WordReader): number | undefined {
  const mask = reader.peek() === '&' ? numberOf(reader.peek(1)) : undefined;
  if (mask === undefined || !['==', '!='].includes(reader.peek(2))) return undefined;
  reader.takes(reader.peek());
  reader.takes(reader.peek());
  // A `!=` is left for who reads the comparison.
  reader.takes('==');
  return mask;
}

const NAT_WORDS: Readonly<Record<string, NativeNat['target']>> = {
  ...{ dnat: 'DNAT', snat: 'SNAT', masquerade: 'MASQUERADE', redirect: 'REDIRECT' },
};

/** Reads `dnat ip to 10.0.0.1:80 random`; 'unknown' for a translation by a map, a prefix or a numbering of its own. */
export function readNat(reader: WordReader): NativeNat | 'unknown' | undefined {
  const target = NAT_WORDS[reader.peek()];
  if (target === undefined) return undefined;
  reader.takes(reader.peek());
  const named = reader.takes('ip') ? 'ipv4' : reader.takes('ip6') ? 'ipv6' : undefined;
  const to = reader.takes('to') ? takeWord(reader) : '';
  let random = false;
  // The tokens hold a comma between flags apart.
  while (FLAGS.test(reader.peek()) || reader.peek() === ',') {
    random ||= reader.peek().endsWith('random');
    reader.takes(reader.peek());
  }
  const needsAddress = target === 'DNAT' || target === 'SNAT';
  const isPlain =
    to === '' ? !needsAddress : needsAddress ? /^[0-9a-f.:[\]-]+$/i.test(to) : /^:[\d-]+$/.test(to);
  return isPlain ? { target, to, random, ...(named && { family: named }) } : 'unknown';
}
