import type {
  DataMap,
  MarkChange,
  MarkOperation,
  NativeCondition,
  NativeEffect,
  NativeNat,
} from './model.ts';
import type { RuleReader } from './rule-reader.ts';

const MARKS = { 'meta mark': 'mark', 'ct mark': 'connmark' } as const;

/** nft 1.0 and 1.1 list signs, 0.9 words. */
const MARK_OPERATORS: Readonly<Record<string, MarkOperation['by']>> = {
  ...{ '&': 'and', '|': 'or', '^': 'xor' },
  ...{ and: 'and', or: 'or', xor: 'xor' },
};

const FLAGS = /^(?:random|fully-random|persistent)$/;

const takeWord = (reader: RuleReader): string => {
  const word = reader.peek();
  reader.takes(word);
  return word;
};

const markName = (reader: RuleReader): 'mark' | 'connmark' | undefined => {
  for (const [words, mark] of Object.entries(MARKS)) if (reader.takes(...words.split(' '))) return mark;
  return undefined;
};

const numberOf = (word: string): number | undefined =>
  /^(?:0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) >>> 0 : undefined;

/** Reads `ip saddr . tcp dport map @m`; takes nothing where no map comes. */
function readDataMap(reader: RuleReader): DataMap | 'unknown' | undefined {
  const fields = reader.fields();
  if (fields === undefined) return undefined;
  const among = reader.takes('map') ? reader.mappings() : undefined;
  return among === undefined ? 'unknown' : { fields, among };
}

/** Reads what a rule changes and goes on; 'unknown' for a value that is computed otherwise; undefined for another statement. */
export function readEffect(reader: RuleReader): NativeEffect | 'unknown' | undefined {
  if (reader.takes('notrack')) return { field: 'track' };
  return readMarkChange(reader);
}

/** Reads `meta mark set meta mark & 0xff | 0x100`. */
function readMarkChange(reader: RuleReader): MarkChange | 'unknown' | undefined {
  if (!Object.hasOwn(MARKS, `${reader.peek()} ${reader.peek(1)}`) || reader.peek(2) !== 'set')
    return undefined;
  const field = markName(reader);
  reader.takes('set');
  const isMark = Object.hasOwn(MARKS, `${reader.peek()} ${reader.peek(1)}`) && reader.peek(2) !== 'map';
  const value = isMark ? markName(reader) : (readDataMap(reader) ?? numberOf(takeWord(reader)));
  if (field === undefined || value === undefined || value === 'unknown') return 'unknown';
  const operations: MarkOperation[] = [];
  for (let by = MARK_OPERATORS[reader.peek()]; by !== undefined; by = MARK_OPERATORS[reader.peek()]) {
    reader.takes(reader.peek());
    const operand = numberOf(takeWord(reader));
    if (operand === undefined) return 'unknown';
    operations.push({ by, operand });
  }
  return { field, value, operations };
}

/** Words before a `set` of one word that changes nothing a rule asks for, and that no packet fails. */
const IDLE_SETS: readonly (readonly string[])[] = [
  ['ct', 'helper', 'set'],
  ['ct', 'timeout', 'set'],
  ['ct', 'event', 'set'],
  ['meta', 'nftrace', 'set'],
  ['meta', 'priority', 'set'],
];

/**
 * Takes a statement that changes nothing a later rule asks for: a helper, a priority, an element added to a set of which nothing is known
 * anyway, a flow given to the hardware, which the packets after this one then take.
 */
export function takesIdle(reader: RuleReader): boolean {
  if (reader.peek() === 'flow' && /^(?:add|offload)$/.test(reader.peek(1))) {
    reader.takes('flow', reader.peek(1), reader.peek(2));
    return true;
  }
  for (const words of IDLE_SETS)
    if (reader.takes(...words)) {
      do reader.take();
      while (reader.takes(','));
      return true;
    }
  return takesElement(reader);
}

/** `add @seen { ip saddr timeout 5s counter }`; one that is limited decides. */
function takesElement(reader: RuleReader): boolean {
  if (!/^(?:add|update|delete)$/.test(reader.peek()) || !reader.peek(1).startsWith('@')) return false;
  let length = 2;
  while (reader.peek(length) !== '}') {
    const word = reader.peek(length++);
    if (length > 40 || /^(?:limit|quota|over|count|:)$/.test(word)) return false;
  }
  for (let i = 0; i <= length; i++) reader.take();
  return true;
}

/**
 * Reads a rate that packets must be within, or over: one for all of them, `limit rate over 10/second burst 5 packets`, or one for each
 * element of a set, `update @seen { ip saddr limit rate 5/second }`, or of a meter. It is a condition, of the field `limit`.
 *
 * @returns undefined for another statement
 */
export function readLimit(reader: RuleReader): NativeCondition | undefined {
  const isOfElement = skipToElementLimit(reader);
  if (!reader.takes('limit', 'rate')) return undefined;
  const negated = reader.takes('over');
  let rate = takeWord(reader);
  if (/^[kmg]?bytes\//.test(reader.peek())) rate += ` ${takeWord(reader)}`;
  if (reader.takes('burst')) reader.takes(reader.peek(), reader.peek(1));
  if (isOfElement && !reader.takes('}')) return undefined;
  return { fields: ['limit'], negated, among: [[{ first: rate, last: rate }]] };
}

/** Takes what stands before the rate of an element; nothing where none comes. */
function skipToElementLimit(reader: RuleReader): boolean {
  if (!/^(?:add|update|meter)$/.test(reader.peek())) return false;
  let length = 1;
  while (reader.peek(length) !== 'limit') {
    const word = reader.peek(length++);
    if (length > 40 || /^(?:quota|count|[}:])$/.test(word)) return false;
  }
  for (let i = 0; i < length; i++) reader.take();
  return true;
}

const NAT_WORDS: Readonly<Record<string, NativeNat['target']>> = {
  ...{ dnat: 'DNAT', snat: 'SNAT', masquerade: 'MASQUERADE', redirect: 'REDIRECT' },
};

/** Reads `dnat ip to 10.0.0.1:80 random`; 'unknown' for a translation by a prefix or a numbering of its own. */
export function readNat(reader: RuleReader): NativeNat | 'unknown' | undefined {
  const target = NAT_WORDS[reader.peek()];
  if (target === undefined) return undefined;
  reader.takes(reader.peek());
  const named = reader.takes('ip') ? 'ipv4' : reader.takes('ip6') ? 'ipv6' : undefined;
  // Up to 0.9 nft listed what a map holds.
  if (reader.takes('addr', '.', 'port')) reader.takes('.');
  const to = reader.takes('to') ? readTarget(reader) : '';
  let random = false;
  // The tokens hold a comma between flags apart.
  while (FLAGS.test(reader.peek()) || reader.peek() === ',') {
    random ||= reader.peek().endsWith('random');
    reader.takes(reader.peek());
  }
  const needsAddress = target === 'DNAT' || target === 'SNAT';
  const isPlain =
    typeof to === 'object' ||
    (to === '' ? !needsAddress : needsAddress ? /^[0-9a-f.:[\]-]+$/i.test(to) : /^:[\d-]+$/.test(to));
  return isPlain ? { target, to, random, ...(named && { family: named }) } : 'unknown';
}

function readTarget(reader: RuleReader): string | DataMap {
  // `redirect to :tcp dport map …` has the colon at the first word of the field.
  const map = readDataMap(reader) ?? (reader.splitColon() ? readDataMap(reader) : undefined);
  return map === undefined ? takeWord(reader) : map === 'unknown' ? 'unknown' : map;
}
