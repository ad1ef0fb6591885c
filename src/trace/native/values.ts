import { blockOf, type AddressBlock } from '../../net/address.ts';
import type { Span } from '../../firewall/nftables/text/model.ts';
import { arrival } from '../match/arrival.ts';
import { inState } from '../match/connection.ts';
import type { MatchContext } from '../match-context.ts';
import { any, type MatchResult } from '../match-result.ts';
import { hasPorts, protocolNumber } from '../match/protocols.ts';
import { linkType } from '../match/place.ts';
import { isWithin } from '../match/rates.ts';
import { inBlock, inRange } from '../routing/addresses.ts';
import type { Packet } from '../packet.ts';
import { fibIs } from './fib.ts';
import { icmpNumber } from './names.ts';
import { isRaw, rawIn } from './raw.ts';

/** Whether the packet has a field at all: one it does not have ends the rule, whatever it is compared with. */
export function isAbout(field: string, { packet: { family, protocol }, tracked }: MatchContext): boolean {
  const [header = '', part = '', ...more] = field.split(' ');
  switch (header) {
    case 'ip':
      return family === 'ipv4';
    case 'ip6':
      return family === 'ipv6';
    case 'tcp':
    case 'udp':
    case 'sctp':
    case 'dccp':
    case 'udplite':
      return protocolNumber(protocol) === protocolNumber(header);
    case 'icmp':
      return family === 'ipv4' && protocol === 'icmp';
    case 'icmpv6':
      return family === 'ipv6' && protocolNumber(protocol) === 58;
    case 'ct':
      // Only its state can be asked of a packet without a connection (nft_ct.c, nft_ct_get_eval).
      if (part === 'state') return true;
      return tracked && !more.includes(family === 'ipv4' ? 'ip6' : 'ip');
    default:
      return true;
  }
}

/** Whether the packet's value of a field is one of a span. */
export function valueIn(field: string, span: Span, facts: MatchContext): MatchResult {
  const { packet } = facts;
  const [header = '', part = ''] = field.split(' ');
  if (header === 'fib') return fibIs(field, span, facts);
  if (isRaw(field)) return rawIn(field, span, packet);
  switch (field) {
    case 'iif':
    case 'iifname':
      return isInterface(arrival(facts), span.first);
    case 'oif':
    case 'oifname':
      return isInterface(packet.outInterface, span.first);
    case 'ip saddr':
    case 'ip6 saddr':
    case 'ip daddr':
    case 'ip6 daddr':
      return isAddress(part === 'saddr' ? 'source' : 'destination', span, packet);
    case 'ip protocol':
    case 'ip6 nexthdr':
    case 'meta l4proto':
    case 'ct protocol': {
      const wanted = protocolNumber(span.first);
      return wanted === undefined ? `protocol ${span.first}` : wanted === protocolNumber(packet.protocol);
    }
    case 'ip version':
    case 'ip6 version':
      return span.first === (packet.family === 'ipv4' ? '4' : '6');
    case 'meta nfproto':
    case 'ct l3proto':
      return span.first === packet.family;
    case 'meta protocol':
      return span.first === (packet.family === 'ipv4' ? 'ip' : 'ip6');
    case 'meta ipsec':
      // What was decrypted on its way in has it, and no packet here was.
      return span.first === 'missing'
        ? true
        : span.first === 'exists'
          ? false
          : `nft: ${field} ${span.first}`;
    case 'meta pkttype':
      return isPacketType(span.first, facts);
    case 'icmp type':
    case 'icmpv6 type':
    case 'icmp code':
    case 'icmpv6 code':
      return isIcmp(field, span, packet);
    case 'ip6 hoplimit':
      return packet.hopLimit === undefined
        ? `nft: ${field}`
        : Number(span.first) <= packet.hopLimit && packet.hopLimit <= Number(span.last);
    case 'limit':
      return isWithin(span.first, facts, `nft: limit rate ${span.first}`);
    case 'meta mark':
    case 'ct mark':
      return isMark(field, span, packet);
    case 'ct direction':
      return facts.direction === undefined
        ? 'the direction of its connection'
        : span.first === facts.direction;
    case 'ct state':
    case 'ct status':
    case 'tcp flags':
      return areFlags(field, { wanted: span.first.split('|') }, facts);
    default:
      return header === 'ct' ? isOriginal(field, span, facts) : isPort(part, span, packet);
  }
}

function isInterface(own: string | undefined, name: string): MatchResult {
  if (own === undefined) return 'the interface it came in by, in POSTROUTING';
  if (name.includes('\\')) return `nft: interface ${name}`;
  if (own === '') return false;
  return name.endsWith('*') ? own.startsWith(name.slice(0, -1)) : own === name;
}

function isAddress(side: 'source' | 'destination', { first, last }: Span, packet: Packet): MatchResult {
  if (packet.vague?.includes(side)) return `the ${side} after NAT`;
  return first === last ? inBlock(packet[side], blockOf(first)) : inRange(packet[side], first, last);
}

function isPacketType(wanted: string, facts: MatchContext): MatchResult {
  const type = linkType(facts);
  return type === undefined ? 'the link layer address' : (wanted === 'host' ? 'unicast' : wanted) === type;
}

function isIcmp(field: string, { first, last }: Span, { icmp }: Packet): MatchResult {
  const [low, high] = [icmpNumber(field, first), icmpNumber(field, last)];
  const own = icmp?.[field.endsWith('type') ? 'type' : 'code'];
  if (low === undefined || high === undefined || own === undefined) return `${field} ${first}`;
  return low <= own && own <= high;
}

/** Whether a mark is one of a span; `mask` leaves of it what is compared. */
export function isMark(field: string, { first, last }: Span, packet: Packet, mask = 0xffffffff): MatchResult {
  const name = field === 'meta mark' ? 'mark' : 'connmark';
  const [low, high] = [Number(first), Number(last)];
  if (Number.isNaN(low) || Number.isNaN(high) || packet.vague?.includes(name) === true)
    return `${field} ${first}`;
  const own = (packet[name] & mask) >>> 0;
  return low >>> 0 <= own && own <= high >>> 0;
}

/** Whether the bits of an address that a mask leaves are an address. */
export function isMaskedAddress(field: string, { first }: Span, packet: Packet, mask: string): MatchResult {
  const side = field === 'ip saddr' ? 'source' : 'destination';
  const [own, wanted, bits] = [packet[side], first, mask].map((text): AddressBlock | undefined =>
    blockOf(text),
  );
  if (packet.vague?.includes(side) || own === undefined || wanted === undefined || bits === undefined)
    return `nft: ${field} & ${mask}`;
  return (own.base & bits.base) === wanted.base;
}

function isPort(part: string, span: Span, packet: Packet): MatchResult {
  const side = part === 'sport' ? 'sourcePort' : 'destinationPort';
  if (packet.vague?.includes(side)) return 'a port after NAT';
  return inPorts(packet[side], span, packet);
}

function inPorts(own: number, { first, last }: Span, { protocol }: Packet): MatchResult {
  const [low, high] = [Number(first), Number(last)];
  if (Number.isNaN(low) || Number.isNaN(high) || !hasPorts(protocol)) return `port ${first}`;
  return low <= own && own <= high;
}

/** What the first packet of the connection had, before anything was translated. */
function isOriginal(field: string, span: Span, { packet, direction }: MatchContext): MatchResult {
  const { original, translated } = packet;
  const { first, last } = span;
  switch (field.split(' ').at(-1)) {
    case 'saddr':
      if (original.source === '') return `nft: ${field}`;
      return first === last
        ? inBlock(original.source, blockOf(first))
        : inRange(original.source, first, last);
    case 'daddr':
      return first === last
        ? inBlock(original.destination, blockOf(first))
        : inRange(original.destination, first, last);
    case 'proto-dst':
      return inPorts(original.destinationPort, span, packet);
    default:
      return direction === 'original' && !translated.source && packet.vague === undefined
        ? inPorts(packet.sourcePort, span, packet)
        : `nft: ${field}`;
  }
}

/** What flags of a field there are; others are never set of a packet that is followed. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  'ct state': ['invalid', 'established', 'related', 'new', 'untracked'],
  'ct status': ['expected', 'seen-reply', 'assured', 'confirmed', 'snat', 'dnat', 'dying'],
  'tcp flags': ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ecn', 'cwr'],
};

/** Whether those of the flags that are asked for are set, and no other. */
export function areFlags(
  field: string,
  { wanted, mask }: { readonly wanted: readonly string[]; readonly mask?: readonly string[] | undefined },
  facts: MatchContext,
): MatchResult {
  const known = FLAGS[field] ?? [];
  const strange = [...wanted, ...(mask ?? [])].find((name) => !known.includes(name));
  if (strange !== undefined) return `${field} ${strange}`;
  // The kernel keeps more in the status of a connection than has a name: what NAT it has been through.
  if (field === 'ct status' && mask === undefined)
    return wanted.some((name) => name === 'snat' || name === 'dnat') ? false : `nft: exactly ${field}`;
  let doubt: string | undefined;
  for (const name of mask ?? known) {
    const own = isFlag(field, name, facts);
    if (typeof own === 'string') doubt ??= own;
    else if (own !== wanted.includes(name)) return false;
  }
  // What is wanted and not looked at is never there.
  if (mask !== undefined && wanted.some((name) => !mask.includes(name))) return false;
  return doubt ?? true;
}

/** Whether one of the flags is set. */
export const isAnyFlag = (field: string, names: readonly string[], facts: MatchContext): MatchResult =>
  any(names.map((name) => isFlag(field, name, facts)));

function isFlag(field: string, name: string, facts: MatchContext): MatchResult {
  const { packet, direction } = facts;
  if (field === 'ct state') return inState(facts, name.toUpperCase());
  if (field === 'tcp flags')
    return packet.tcpFlags === undefined ? 'the TCP flags' : packet.tcpFlags.includes(name.toUpperCase());
  if (name === 'snat' || name === 'dnat') return inState(facts, name.toUpperCase());
  const isFirst = packet.state === 'NEW';
  const isKnown = isFirst || packet.state === 'ESTABLISHED';
  const unknown = `${field} ${name}`;
  if (!isKnown) return unknown;
  switch (name) {
    // A connection is confirmed when its first packet has passed, over lo as well.
    case 'confirmed':
      return packet.inInterface === 'lo' ? unknown : !isFirst;
    case 'seen-reply':
      return isFirst ? false : direction === undefined ? unknown : true;
    default:
      return isFirst ? false : unknown;
  }
}
