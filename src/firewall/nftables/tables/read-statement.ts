import { isRecord, type Json } from '../../../docker/inventory/inventory.ts';
import type { NftCount, NftStatement } from './model.ts';
import { markText, nftMatch } from './rule.ts';

/** Of `meta`: those that nft lists without that word. */
const UNQUALIFIED: ReadonlySet<string> = new Set(['iif', 'oif', 'iifname', 'oifname']);
const ALL_BITS = 0xffff_ffff;

/** What a statement of `nft -j` says; 'foreign' holds one that Docker does not write, to the letter. */
export function readStatement(statement: unknown): NftStatement {
  return understood(statement) ?? { is: 'foreign', json: JSON.stringify(statement) };
}

/** What a `counter` counted; undefined for every other statement. */
export function readCount(statement: unknown): NftCount | undefined {
  const counter = isRecord(statement) ? statement['counter'] : undefined;
  if (!isRecord(counter) || !hasOnly(counter, ['packets', 'bytes'])) return undefined;
  const { packets, bytes } = counter;
  return isCount(packets) && isCount(bytes) ? { packets, bytes } : undefined;
}

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;

/** Whether an object has these keys and no other: whatever else it says would be lost. */
const hasOnly = (object: Json, keys: readonly string[]): boolean =>
  Object.keys(object).every((key) => keys.includes(key));

function understood(statement: unknown): NftStatement | undefined {
  if (!isRecord(statement)) return undefined;
  const [[kind, value] = ['', undefined], ...more] = Object.entries(statement);
  if (more.length > 0) return undefined;
  switch (kind) {
    case 'match':
      return isRecord(value) ? matchOf(value) : undefined;
    case 'counter':
      return readCount(statement) === undefined ? undefined : { is: 'counter' };
    case 'accept':
    case 'drop':
    case 'return':
    case 'masquerade':
      return value === null ? { is: kind } : undefined;
    case 'jump':
    case 'goto':
      return isRecord(value) && hasOnly(value, ['target']) && isName(value['target'])
        ? { is: kind, chain: value['target'] }
        : undefined;
    case 'vmap':
      return isRecord(value) ? lookupOf(value) : undefined;
    case 'dnat':
    case 'snat':
      return isRecord(value) ? translationOf(kind, value) : undefined;
    case 'mangle':
      return isRecord(value) ? markSetOf(value) : undefined;
    default:
      return undefined;
  }
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';

function lookupOf(vmap: Json): NftStatement | undefined {
  const field = fieldOf(vmap['key']);
  const { data } = vmap;
  if (!hasOnly(vmap, ['key', 'data']) || field === undefined) return undefined;
  return isName(data) && data.startsWith('@') ? { is: 'vmap', field, map: data.slice(1) } : undefined;
}

function translationOf(is: 'dnat' | 'snat', { addr, port, ...more }: Json): NftStatement | undefined {
  if (!isName(addr) || Object.keys(more).length > 0) return undefined;
  return port === undefined || typeof port === 'number' ? { is, address: addr, port } : undefined;
}

function markSetOf({ key, value, ...more }: Json): NftStatement | undefined {
  if (fieldOf(key) !== 'meta mark' || Object.keys(more).length > 0) return undefined;
  return typeof value === 'number' ? { is: 'set-mark', mark: value } : undefined;
}

function matchOf({ op, left, right, ...more }: Json): NftStatement | undefined {
  if (Object.keys(more).length > 0) return undefined;
  const masked = maskedOf(left);
  const field = masked?.field ?? fieldOf(left);
  // `in` asks for one of several flags; nft writes it of states alone.
  const isAsked = op === '==' || op === '!=' || (op === 'in' && field === 'ct state');
  const values = field === undefined ? undefined : valuesOf(right, field);
  if (!isAsked || field === undefined || values === undefined || values.length === 0) return undefined;
  if (Array.isArray(right) && op !== 'in') return undefined;
  return nftMatch(field, values, { negated: op === '!=', mask: masked?.mask });
}

/** `meta mark & 0x3`; a mask of all bits is none. */
function maskedOf(left: unknown): { readonly field: string; readonly mask: number | undefined } | undefined {
  const operands = isRecord(left) && hasOnly(left, ['&']) ? left['&'] : undefined;
  if (!Array.isArray(operands) || operands.length !== 2) return undefined;
  const [of, mask] = operands as readonly unknown[];
  if (fieldOf(of) !== 'meta mark' || typeof mask !== 'number') return undefined;
  return { field: 'meta mark', mask: mask === ALL_BITS ? undefined : mask };
}

/** A field of a packet in nft's words, e.g. `ip daddr` or `@th,96,24`; undefined for one that Docker asks nowhere. */
export function fieldOf(expression: unknown): string | undefined {
  if (!isRecord(expression)) return undefined;
  const [[kind, value] = ['', undefined], ...more] = Object.entries(expression);
  if (more.length > 0 || !isRecord(value)) return undefined;
  const { key } = value;
  if (kind === 'meta' && hasOnly(value, ['key']) && isName(key))
    return UNQUALIFIED.has(key) ? key : `meta ${key}`;
  if (kind === 'ct' && hasOnly(value, ['key']) && isName(key)) return `ct ${key}`;
  if (kind === 'payload') return payloadOf(value);
  return kind === 'fib' ? fibOf(value) : undefined;
}

function payloadOf(payload: Json): string | undefined {
  const { protocol, field, base, offset, len } = payload;
  if (hasOnly(payload, ['protocol', 'field']))
    return isName(protocol) && isName(field) ? `${protocol} ${field}` : undefined;
  const isRaw = hasOnly(payload, ['base', 'offset', 'len']) && isName(base);
  return isRaw && typeof offset === 'number' && typeof len === 'number'
    ? `@${base},${String(offset)},${String(len)}`
    : undefined;
}

/** Earlier versions of nft write one flag without a list. */
function fibOf({ result, flags, ...more }: Json): string | undefined {
  const asked: unknown = Array.isArray(flags) && flags.length === 1 ? flags[0] : flags;
  if (!isName(result) || !isName(asked) || Object.keys(more).length > 0) return undefined;
  return `fib ${asked} ${result}`;
}

function valuesOf(right: unknown, field: string): readonly string[] | undefined {
  const set = isRecord(right) && hasOnly(right, ['set']) ? right['set'] : undefined;
  const listed: readonly unknown[] = Array.isArray(right) ? right : Array.isArray(set) ? set : [right];
  const values = listed.map((value) => valueOf(value, field));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function valueOf(value: unknown, field: string): string | undefined {
  if (typeof value === 'number') return field.endsWith(' mark') ? markText(value) : String(value);
  if (typeof value === 'boolean') return value ? 'exists' : 'missing';
  if (typeof value === 'string') return value.includes('"') ? undefined : value;
  if (!isRecord(value)) return undefined;
  const { prefix, range } = value;
  if (hasOnly(value, ['prefix']) && isRecord(prefix)) {
    const { addr, len } = prefix;
    return isName(addr) && typeof len === 'number' ? `${addr}/${String(len)}` : undefined;
  }
  if (!hasOnly(value, ['range']) || !Array.isArray(range) || range.length !== 2) return undefined;
  const [first, last] = range.map((end) => valueOf(end, field));
  return first === undefined || last === undefined ? undefined : `${first}-${last}`;
}
