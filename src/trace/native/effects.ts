import type {
  Element,
  MarkChange,
  MarkOperation,
  NativeNat,
  NativeTable,
} from '../../firewall/nftables/text/model.ts';
import type { MatchContext } from '../match-context.ts';
import type { Extension } from '../match/rule-parts.ts';
import type { Packet } from '../packet.ts';
import { mappedBy } from './match.ts';

const OPERATORS: Readonly<Record<MarkOperation['by'], (a: number, b: number) => number>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

/** What one statement makes of a packet; 'ends' where the rule ends there, for what it reads is not there. */
export type Effected = Packet | 'ends' | 'unknown';

/**
 * What a rule writes into a mark.
 *
 * Without a connection there is none whose mark could be read, and writing one does nothing.
 */
export function markedByNative(
  { field, value, operations }: MarkChange,
  table: NativeTable,
  facts: MatchContext,
): Effected {
  const { packet, tracked } = facts;
  if (packet.vague?.some((name) => name === 'mark' || name === 'connmark') === true) return 'unknown';
  if (value === 'connmark' && !tracked) return 'ends';
  let read: number;
  if (typeof value === 'number') read = value;
  else if (typeof value === 'string') read = packet[value];
  else {
    const mapping = mappedBy(value, table, facts);
    if (mapping === undefined) return 'ends';
    const [span] = typeof mapping === 'string' ? [] : (mapping.data ?? []);
    read = span !== undefined && span.first === span.last ? Number(span.first) : Number.NaN;
    if (Number.isNaN(read)) return 'unknown';
  }
  if (field === 'connmark' && !tracked) return packet;
  const mark = operations.reduce((now, { by, operand }) => OPERATORS[by](now, operand), read);
  return { ...packet, [field]: mark >>> 0 };
}

/** Where a translation leads, in the words of iptables' options; undefined where a map holds nothing for the packet, 'unknown' if that is not known. */
export function targetOf(
  { target, to }: NativeNat,
  table: NativeTable,
  facts: MatchContext,
): string | undefined {
  if (typeof to === 'string') return to;
  const mapping = mappedBy(to, table, facts);
  if (mapping === undefined) return undefined;
  if (typeof mapping === 'string' || mapping.data === undefined) return 'unknown';
  return spelled(target, mapping.data);
}

/** `172.17.0.2 . 8080` as `172.17.0.2:8080`. */
function spelled(target: NativeNat['target'], data: Element): string {
  const [first, second] = data.map((span) =>
    span.first === span.last ? span.first : `${span.first}-${span.last}`,
  );
  if (first === undefined || data.length > 2) return 'unknown';
  if (target === 'REDIRECT' || target === 'MASQUERADE') return second === undefined ? `:${first}` : 'unknown';
  // A block stands for all addresses in it.
  if (first.includes('/')) return 'unknown';
  if (second === undefined) return first;
  return first.includes(':') ? `[${first}]:${second}` : `${first}:${second}`;
}

/** A translation as the target of iptables that does the same. */
export function natExtension({ target, random }: NativeNat, to: string): Extension {
  const option = (name: string, ...values: readonly string[]): Extension['options'][number] => ({
    ...{ name, values, negated: false },
  });
  const places = {
    DNAT: '--to-destination',
    SNAT: '--to-source',
    MASQUERADE: '--to-ports',
    REDIRECT: '--to-ports',
  };
  const where = target === 'DNAT' || target === 'SNAT' ? to : to.replace(/^:/, '');
  return {
    name: target,
    options: [...(to === '' ? [] : [option(places[target], where)]), ...(random ? [option('--random')] : [])],
  };
}
