import { FLAG_FIELDS, GREATEST, mayBeMasked } from './fields.ts';
import type { FlagTest, NativeCondition } from './model.ts';
import type { RuleReader } from './rule-reader.ts';

/** Reads what a field, or several, are compared with; undefined for what is not understood. */
export function readComparison(reader: RuleReader, fields: readonly string[]): NativeCondition | undefined {
  const [field = '', ...others] = fields;
  if (others.length > 0) return plain(reader, fields, reader.takes('!='));
  const flags = FLAG_FIELDS.has(field) ? readFlags(reader) : undefined;
  if (flags === 'not understood') return undefined;
  if (flags !== undefined) return { fields, among: [], ...flags };
  const bounds = readBounds(reader, field);
  if (bounds !== undefined) return bounds;
  const mask = mayBeMasked(field) ? readMask(reader) : undefined;
  const negated = reader.takes('!=');
  return plain(reader, fields, negated, mask);
}

function plain(
  reader: RuleReader,
  fields: readonly string[],
  negated: boolean,
  mask?: string,
): NativeCondition | undefined {
  const among = reader.values();
  return among === undefined ? undefined : { fields, negated, among, ...(mask !== undefined && { mask }) };
}

/** Reads what stands between a field and the value it is compared with: `& 0xff ==`; undefined for no mask. */
function readMask(reader: RuleReader): string | undefined {
  if (reader.peek() !== '&') return undefined;
  const mask = reader.peek(1);
  if (!/^(?:0x[0-9a-f]+|[\d.]+)$/i.test(mask) || !['==', '!='].includes(reader.peek(2))) return undefined;
  reader.takes('&', mask);
  // A `!=` is left for who reads the comparison.
  reader.takes('==');
  return mask;
}

/** `> 79`. */
function readBounds(reader: RuleReader, field: string): NativeCondition | undefined {
  const greatest = GREATEST.get(field);
  const [sign, bound] = [reader.peek(), Number(reader.peek(1) || 'none')];
  if (greatest === undefined || !/^[<>]=?$/.test(sign) || Number.isNaN(bound)) return undefined;
  reader.takes(sign, reader.peek(1));
  const equal = sign.endsWith('=') ? 0 : 1;
  const [first, last] = sign.startsWith('>') ? [bound + equal, greatest] : [0, bound - equal];
  return {
    ...{ fields: [field], negated: false },
    among: first > last ? [] : [[{ first: String(first), last: String(last) }]],
  };
}

/**
 * Reads how flags are compared, which is not how other values are (`nft --debug=netlink`): `a,b` is any of them, `! a,b` is none, `!= a`
 * is anything but exactly these, `a / a,b` and `& (a | b) == a` look at some alone.
 *
 * @returns undefined for a set, in which one value stands for all that are set
 */
function readFlags(
  reader: RuleReader,
): { readonly flags: FlagTest; readonly negated: boolean } | 'not understood' | undefined {
  const isSet = (offset: number): boolean =>
    reader.peek(offset) === '{' || reader.peek(offset).startsWith('@');
  if (isSet(0) || (reader.peek() === '!=' && isSet(1))) return undefined;
  const bracketed = reader.takes('&') ? readNames(reader) : undefined;
  const isNone = reader.takes('!');
  const negated = !isNone && reader.takes('!=');
  const isEqual = reader.takes('==');
  const wanted = readNames(reader);
  if (wanted === undefined || (bracketed !== undefined && !isEqual && !negated)) return 'not understood';
  const mask = bracketed ?? (reader.takes('/') ? readNames(reader) : undefined);
  if (mask !== undefined) return { flags: { wanted, mask, how: 'equal' }, negated };
  if (isNone) return { flags: { wanted, how: 'some' }, negated: true };
  return { flags: { wanted, how: negated || isEqual ? 'equal' : 'some' }, negated };
}

/** `syn,ack`, `syn | ack`, `(syn | ack)`. */
function readNames(reader: RuleReader): readonly string[] | undefined {
  const names: string[] = [];
  do {
    const name = reader.peek().replaceAll(/[()]/g, '');
    if (!/^[a-z][a-z-]*$/.test(name)) return undefined;
    reader.take();
    names.push(name);
  } while (reader.takes(',') || reader.takes('|'));
  return names;
}
