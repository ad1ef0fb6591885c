import type { NativeCondition, NativeRule, NativeVerdict, Span } from '../../firewall/nftables/text/model.ts';
import type { Family } from '../../net/family.ts';

/**
 * Fields that tell no two packets apart that are otherwise alike: what iptables asks with matches of which the same holds
 * (`rule-needs.ts`).
 */
const INDIFFERENT: ReadonlySet<string> = new Set([
  ...['ct state', 'meta mark', 'ct mark', 'icmp type', 'icmp code', 'icmpv6 type', 'icmpv6 code'],
  ...['meta l4proto', 'meta nfproto', 'ip protocol', 'ip6 nexthdr', 'fib saddr type', 'fib daddr type'],
  ...['meta ipsec', 'ip6 hoplimit'],
]);

/** Bits behind the ports of a packet, which are known of none, but for the flags of TCP. */
const isBehindPorts = (field: string): boolean => Number(/^@th,(\d+),/.exec(field)?.[1] ?? 0) >= 32;

const INTERFACES: Readonly<Record<string, string>> = { iifname: '-i', oifname: '-o' };
const ADDRESSES: Readonly<Record<Family, Readonly<Record<string, string>>>> = {
  ipv4: { 'ip saddr': '-s', 'ip daddr': '-d' },
  ipv6: { 'ip6 saddr': '-s', 'ip6 daddr': '-d' },
};
const PORT = /^(tcp|udp|sctp) ([sd]port)$/;

/** A condition in iptables' words: those before the first match, and those of matches. */
interface ConditionWords {
  readonly base: readonly string[];
  readonly matches: readonly string[];
}

/**
 * A rule in those words of iptables that ask for the same names and ports. What tells no packets apart stands among them as one word.
 *
 * @param under - what holds for every packet that comes to its chain, in such words
 * @param target - of the rule's verdict
 * @returns undefined for a rule that asks or changes anything that is not foreseen
 */
export function ruleWords(
  { conditions, doubt, effects }: NativeRule,
  family: Family,
  under: readonly string[],
  target: readonly string[],
): string | undefined {
  if (doubt !== undefined || effects !== undefined) return undefined;
  const read = conditions.map((condition) => conditionWords(condition, family));
  const known = read.filter((one) => one !== undefined);
  if (known.length < read.length) return undefined;
  const base = known.flatMap((one) => one.base);
  return spelled(
    under,
    base,
    known.flatMap(({ matches }) => matches),
    target,
  );
}

/** Words as a rule's text. Its chain is told by where it stands. */
export const spelled = (...words: readonly (readonly string[])[]): string =>
  ['-A', '-', ...words.flat()].join(' ');

function conditionWords(condition: NativeCondition, family: Family): ConditionWords | undefined {
  const { fields, negated, among, mask, flags } = condition;
  const [field = '', second] = fields;
  if (second === undefined && isBehindPorts(field))
    return { base: [], matches: remark([field, negated, among, mask]) };
  if (second !== undefined || typeof among === 'string') return undefined;
  if (INDIFFERENT.has(field)) return { base: [], matches: remark([field, negated, among, mask, flags]) };
  const values = among.flatMap((element) => {
    const [span, another] = element;
    return span === undefined || another !== undefined || !isSingle(span) ? [] : [span.first];
  });
  const [value, more] = values;
  if (mask !== undefined || flags !== undefined || value === undefined || values.length < among.length)
    return undefined;
  const sign = negated ? ['!'] : [];
  const side = INTERFACES[field];
  if (side !== undefined) {
    // One of several, not negated, is no list of conditions that all hold.
    const isList = more !== undefined && !negated;
    return isList || !values.every(isPlainName)
      ? undefined
      : { base: values.flatMap((name) => [...sign, side, name]), matches: [] };
  }
  if (more !== undefined) return undefined;
  const end = ADDRESSES[family][field];
  if (end !== undefined) return { base: [...sign, end, value], matches: [] };
  const [, protocol, port] = PORT.exec(field) ?? [];
  return protocol === undefined || port === undefined || negated || !/^\d+$/.test(value)
    ? undefined
    : { base: ['-p', protocol], matches: ['-m', protocol, `--${port}`, value] };
}

const isSingle = ({ first, last }: Span): boolean => first === last;

/** What a rule says beside names and ports, as one word of a match that asks nothing. */
export const remark = (said: unknown): readonly string[] => [
  ...['-m', 'comment', '--comment', JSON.stringify(said).replaceAll(/[\s"\\]/g, "'")],
];

/** Words that say by which interface packets come in or leave; undefined for another field, and for a name that stands for several. */
export function interfaceWords(field: string, name: string): readonly string[] | undefined {
  const side = INTERFACES[field];
  return side === undefined || !isPlainName(name) ? undefined : [side, name];
}

/** Whether a name is one word, and that of one interface. */
const isPlainName = (name: string): boolean => /^[^\s"\\*+!-][^\s"\\*+]*$/.test(name);

/** A verdict as a target of iptables; undefined for one that is not foreseen. */
export function verdictWords({ is, chain, nat }: NativeVerdict): readonly string[] | undefined {
  switch (is) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'reject':
      return ['-j', is.toUpperCase()];
    case 'jump':
    case 'goto':
      return chain === undefined || /[\s"\\]/.test(chain) ? undefined : [is === 'jump' ? '-j' : '-g', chain];
    case 'nat':
      return nat === undefined ? undefined : natWords(nat);
    case 'continue':
    case 'unknown':
      return undefined;
  }
}

function natWords({
  target,
  to,
  random,
  family,
}: NonNullable<NativeVerdict['nat']>): readonly string[] | undefined {
  if (random || family !== undefined || typeof to !== 'string') return undefined;
  if (target === 'MASQUERADE') return to === '' ? ['-j', target] : undefined;
  if (target === 'REDIRECT' || to === '') return undefined;
  return ['-j', target, target === 'DNAT' ? '--to-destination' : '--to-source', to];
}
