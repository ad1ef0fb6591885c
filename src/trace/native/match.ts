import { blockOf } from '../../net/address.ts';
import type {
  NativeCondition,
  NativeTable,
  Span,
  NativeVerdict,
  VerdictMap,
} from '../../firewall/nftables/text/model.ts';
import { inBlock, inRange } from '../routing/addresses.ts';
import { any, withSign, type MatchResult } from '../match-result.ts';
import type { MatchContext } from '../match-context.ts';
import { localType } from '../routing/local.ts';
import { inState } from '../match/connection.ts';
import { memory } from '../memory.ts';
import type { Packet } from '../packet.ts';
import { hasPorts, protocolNumber } from '../match/protocols.ts';
import { lookupRoute } from '../routing/route.ts';

const ICMP: Readonly<Record<string, number>> = {
  'echo-reply': 0,
  'destination-unreachable': 3,
  redirect: 5,
  'echo-request': 8,
  'time-exceeded': 11,
};
const ICMPV6: Readonly<Record<string, number>> = {
  'destination-unreachable': 1,
  'packet-too-big': 2,
  'time-exceeded': 3,
  'echo-request': 128,
  'echo-reply': 129,
  'nd-router-solicit': 133,
  'nd-router-advert': 134,
  'nd-neighbor-solicit': 135,
  'nd-neighbor-advert': 136,
  'nd-redirect': 137,
};

/** The elements of a set of the table's own, or those a rule lists itself. */
function membersOf<Element>(
  among: readonly Element[] | string,
  sets: ReadonlyMap<string, readonly Element[] | undefined>,
): readonly Element[] | undefined {
  return typeof among === 'string' ? sets.get(among) : among;
}

/** Whether a packet meets a condition of one of nftables' own rules. */
export function meets(condition: NativeCondition, { sets }: NativeTable, facts: MatchContext): MatchResult {
  const { field, negated, among, mask } = condition;
  // A field the packet does not have ends the rule, whatever it is compared with.
  if (!isAbout(field, facts)) return false;
  const spans = membersOf(among, sets);
  if (spans === undefined) return `nftables' set ${typeof among === 'string' ? among : field}`;
  // Kernels differ in what an interface that there is none of is compared as.
  const isNowhere =
    (field === 'iifname' && facts.packet.inInterface === '') ||
    (field === 'oifname' && facts.packet.outInterface === '');
  if (negated && (isNowhere || !SIGNED.has(field))) return `nft: ${field} !=`;
  if (mask !== undefined)
    return withSign(any(spans.map((span) => isMark(field, span, facts, mask))), negated);
  return withSign(isAmong(field, spans, facts), negated);
}

/** A block list may hold thousands; packets have few addresses. */
const located = memory<MatchResult>();

function isAmong(field: string, spans: readonly Span[], facts: MatchContext): MatchResult {
  const side = SIDES[field];
  const answer = (): MatchResult => any(spans.map((span) => valueIn(field, span, facts)));
  if (side === undefined || facts.packet.vague?.includes(side)) return answer();
  return located(spans, facts.packet[side], answer);
}

const SIDES: Readonly<Record<string, 'source' | 'destination'>> = {
  'ip saddr': 'source',
  'ip6 saddr': 'source',
  'ip daddr': 'destination',
  'ip6 daddr': 'destination',
};

/** The verdict that a value of the packet maps to; `undefined` for none, and in words why that is not known. */
export function verdictIn(
  { field, among }: VerdictMap,
  { maps }: NativeTable,
  facts: MatchContext,
): NativeVerdict | string | undefined {
  if (!isAbout(field, facts)) return undefined;
  const mappings = membersOf(among, maps);
  if (mappings === undefined) return `nftables' map ${typeof among === 'string' ? among : field}`;
  for (const { span, verdict } of mappings) {
    const answer = valueIn(field, span, facts);
    if (answer === true) return verdict;
    if (typeof answer === 'string') return answer;
  }
  return undefined;
}

/** Fields of which the opposite is simply the opposite. */
const SIGNED: ReadonlySet<string> = new Set([
  ...['ip saddr', 'ip daddr', 'ip protocol', 'ip6 saddr', 'ip6 daddr', 'ip6 nexthdr'],
  ...['meta l4proto', 'meta nfproto', 'meta protocol', 'iifname', 'oifname', 'meta mark', 'ct mark'],
  ...['tcp sport', 'tcp dport', 'udp sport', 'udp dport', 'icmp type', 'icmpv6 type'],
]);

function isAbout(field: string, { packet: { family, protocol }, tracked }: MatchContext): boolean {
  if (field === 'ct mark') return tracked;
  const [header = ''] = field.split(' ');
  switch (header) {
    case 'ip':
      return family === 'ipv4';
    case 'ip6':
      return family === 'ipv6';
    case 'tcp':
    case 'udp':
      return protocol === header;
    case 'icmp':
      return family === 'ipv4' && protocol === 'icmp';
    case 'icmpv6':
      return family === 'ipv6' && protocolNumber(protocol) === 58;
    default:
      return true;
  }
}

/** Whether the packet's value of a field is one of a span. */
function valueIn(field: string, span: Span, facts: MatchContext): MatchResult {
  const { packet, netState } = facts;
  const [header = '', part = ''] = field.split(' ');
  switch (field) {
    case 'iif':
    case 'iifname':
      return isInterface('inInterface', span.first, facts);
    case 'oif':
    case 'oifname':
      return isInterface('outInterface', span.first, facts);
    case 'ip saddr':
    case 'ip6 saddr':
    case 'ip daddr':
    case 'ip6 daddr':
      return isAddress(part === 'saddr' ? 'source' : 'destination', span, packet);
    case 'ip protocol':
    case 'ip6 nexthdr':
    case 'meta l4proto': {
      const wanted = protocolNumber(span.first);
      return wanted === undefined ? `protocol ${span.first}` : wanted === protocolNumber(packet.protocol);
    }
    case 'meta nfproto':
      return span.first === packet.family;
    case 'meta protocol':
      return span.first === (packet.family === 'ipv4' ? 'ip' : 'ip6');
    case 'icmp type':
    case 'icmpv6 type': {
      const names = header === 'icmp' ? ICMP : ICMPV6;
      const wanted = names[span.first] ?? Number(span.first);
      return Number.isNaN(wanted) ? `${field} ${span.first}` : wanted === packet.icmp?.type;
    }
    case 'ct state':
      return inState(facts, span.first.toUpperCase());
    case 'ct status':
      return /^[sd]nat$/.test(span.first)
        ? inState(facts, span.first.toUpperCase())
        : `ct status ${span.first}`;
    case 'meta mark':
    case 'ct mark':
      return isMark(field, span, facts);
    case 'fib saddr type':
    case 'fib daddr type': {
      const side = part === 'saddr' ? 'source' : 'destination';
      if (packet.vague?.includes(side)) return `nft: ${field}`;
      const type = span.first.toUpperCase();
      // What has no route is no UNICAST for IPv6 (nft_fib_ipv6.c); what is this machine's own is LOCAL for both.
      if (packet.family === 'ipv6' && type !== 'LOCAL') return `${field} ${span.first}, for IPv6`;
      return FIB_TYPES.has(type)
        ? localType(netState, packet.family, packet[side], undefined) === type
        : `${field} ${span.first}`;
    }
    case 'fib saddr . mark . iif oif':
    case 'fib saddr . mark . iif check':
      return isMissing(span.first, facts);
    default:
      return isPort(part === 'sport' ? 'sourcePort' : 'destinationPort', span, packet);
  }
}

const FIB_TYPES: ReadonlySet<string> = new Set(['LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST']);

function isInterface(
  side: 'inInterface' | 'outInterface',
  name: string,
  { packet, hook }: MatchContext,
): MatchResult {
  // Whether POSTROUTING still knows where it came in depends on the kernel's age, and on who carried the packet.
  if (side === 'inInterface' && hook === 'POSTROUTING' && packet.inInterface !== '')
    return 'the interface it came in by, in POSTROUTING';
  const own = packet[side];
  if (name.includes('\\')) return `nft: interface ${name}`;
  if (own === '') return false;
  return name.endsWith('*') ? own.startsWith(name.slice(0, -1)) : own === name;
}

/**
 * Whether no route leads back by where the packet came in. That one does is certain, and that none does where no route by that interface
 * holds its source (nft_fib_ipv4.c, nft_fib_ipv6.c); which one of several counts depends on the family and the kernel.
 */
function isMissing(word: string, { packet, netState }: MatchContext): MatchResult {
  const { family, source, destination, inInterface, mark } = packet;
  const unknown = 'nft: the way back of a packet';
  if (packet.vague !== undefined || word !== 'missing' || inInterface === 'lo') return unknown;
  const journey = { family, inInterface, source: destination, destination: source, mark };
  const back = lookupRoute(netState, journey);
  if (back.kind === 'unicast' && back.route.dev === inInterface) return false;
  const isBehind = netState.routes.some(
    ({ dev, to }) => dev === inInterface && inBlock(source, blockOf(to)) !== false,
  );
  const isOfVrf = netState.links.some(({ kind }) => kind === 'vrf');
  return isBehind || isOfVrf || back.kind === 'unknown' ? unknown : true;
}

function isAddress(side: 'source' | 'destination', { first, last }: Span, packet: Packet): MatchResult {
  if (packet.vague?.includes(side)) return `the ${side} after NAT`;
  return first === last ? inBlock(packet[side], blockOf(first)) : inRange(packet[side], first, last);
}

function isMark(field: string, { first }: Span, { packet }: MatchContext, mask = 0xffffffff): MatchResult {
  const name = field === 'meta mark' ? 'mark' : 'connmark';
  const wanted = Number(first);
  if (Number.isNaN(wanted) || packet.vague?.includes(name) === true) return `${field} ${first}`;
  return (packet[name] & mask) >>> 0 === wanted >>> 0;
}

function isPort(side: 'sourcePort' | 'destinationPort', { first, last }: Span, packet: Packet): MatchResult {
  const [low, high] = [Number(first), Number(last)];
  if (Number.isNaN(low) || Number.isNaN(high) || !hasPorts(packet.protocol)) return `port ${first}`;
  if (packet.vague?.includes(side)) return 'a port after NAT';
  return low <= packet[side] && packet[side] <= high;
}
