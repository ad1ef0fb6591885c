import { blockOf } from '../../net/address.ts';
import type { Span } from '../../firewall/nftables/text/model.ts';
import type { MatchContext } from '../match-context.ts';
import type { MatchResult } from '../match-result.ts';
import type { Packet } from '../packet.ts';
import { inBlock, isLinkLocal, isMulticast, isZeronet } from '../routing/addresses.ts';
import { hasAddress, localType } from '../routing/local.ts';
import { lookupRoute } from '../routing/route.ts';
import { WITHOUT_PORTS, type Journey } from '../routing/routing-rules.ts';
import { arrival } from '../match/arrival.ts';

/** What a `fib` asks, by its words, or iptables' match `rpfilter`. */
interface FibQuestion {
  readonly asker: 'fib' | 'rpfilter';
  readonly side: 'source' | 'destination';
  readonly marked: boolean;
  readonly by: 'iif' | 'oif' | undefined;
  readonly result: 'type' | 'oif' | 'oifname' | 'check';
}

function questionOf(field: string): FibQuestion {
  const [, first = '', ...words] = field.split(' ');
  return {
    asker: 'fib',
    side: first === 'saddr' ? 'source' : 'destination',
    marked: words.includes('mark'),
    by: words.slice(0, -1).find((word): word is 'iif' | 'oif' => word === 'iif' || word === 'oif'),
    result: words.at(-1) as FibQuestion['result'],
  };
}

const TYPES: ReadonlySet<string> = new Set(['LOCAL', 'UNICAST', 'BROADCAST', 'ANYCAST', 'MULTICAST']);

/** Whether what routing says of an address is one of a span (nft_fib_ipv4.c, nft_fib_ipv6.c). */
export function fibIs(field: string, { first }: Span, facts: MatchContext): MatchResult {
  const asked = questionOf(field);
  const unknown = `nft: ${field} ${first}`;
  const { packet } = facts;
  if (packet.vague !== undefined) return unknown;
  const device =
    asked.by === 'iif' ? arrival(facts) : asked.by === 'oif' ? packet.outInterface : ('' as const);
  if (device === undefined) return unknown;
  if (asked.result === 'type') {
    const type = first.toUpperCase();
    const own = TYPES.has(type) ? typeOf(asked, device, facts) : undefined;
    return own === undefined ? unknown : own === type;
  }
  const leads = leadsBy(asked, device, facts);
  if (leads === undefined) return unknown;
  if (first === 'missing' || first === 'exists') return (leads === '') === (first === 'missing');
  // Of an `oif` the kernel has numbers.
  return asked.result === 'oifname' ? leads === first : unknown;
}

/**
 * Whether a route leads back to a packet's sender by the interface it came in by, or, `loose`, by any (ipt_rpfilter.c, ip6t_rpfilter.c);
 * undefined where that is not known.
 */
export function leadsBack(
  facts: MatchContext,
  { marked, loose }: { readonly marked: boolean; readonly loose: boolean },
): boolean | undefined {
  const device = loose ? '' : facts.packet.inInterface;
  const by = loose ? undefined : 'iif';
  if (facts.packet.vague !== undefined) return undefined;
  const leads = leadsBy({ asker: 'rpfilter', side: 'source', marked, by, result: 'oif' }, device, facts);
  return leads === undefined ? undefined : leads !== '';
}

/** The kind of an address. IPv6 looks for a route where the address is none of this machine's. */
function typeOf(asked: FibQuestion, device: string, facts: MatchContext): string | undefined {
  const { side, marked, by } = asked;
  const { packet, netState } = facts;
  const { family } = packet;
  const address = packet[side];
  const type = localType(netState, family, address, device === '' ? undefined : device);
  if (family === 'ipv4' || type !== 'UNICAST') return type;
  if (isLinkLocal(address)) {
    const leads = leadsByLink(address, by, device, facts);
    return leads === undefined ? undefined : leads === '' ? 'UNREACHABLE' : 'UNICAST';
  }
  const other = packet[side === 'source' ? 'destination' : 'source'];
  const mark = marked ? packet.mark : 0;
  const route = lookupRoute(netState, {
    ...{ family, source: other, destination: address, mark, inInterface: '' },
    ...toldOf(asked, packet, device),
  });
  switch (route.kind) {
    case 'unicast':
      return 'UNICAST';
    // An own address, which another interface has.
    case 'local':
      return device === '' ? 'LOCAL' : 'UNICAST';
    case 'none':
      return 'UNREACHABLE';
    default:
      return undefined;
  }
}

/**
 * What such a lookup knows of a packet beside its addresses: no port. Of IPv6 iptables' match knows the protocol, and asks for the
 * interface it came in by (ipt_rpfilter.c, ip6t_rpfilter.c); whether nftables' `fib` does depends on the kernel (6.18 does).
 */
function toldOf({ asker, by }: FibQuestion, { family, protocol }: Packet, device: string): Partial<Journey> {
  if (asker === 'fib') return { sourcePort: 0, destinationPort: 0 };
  if (family === 'ipv4') return WITHOUT_PORTS;
  return { ...WITHOUT_PORTS, protocol, ...(by !== undefined && { boundTo: device }) };
}

/**
 * As {@link leadsBy}, of an address of a link: it is sought at the interface asked for alone, without one at that by which the packet came
 * in (nft_fib_ipv6.c, nft_fib6_flowi_init).
 */
function leadsByLink(
  address: string,
  by: FibQuestion['by'],
  device: string,
  { packet, netState, hook }: MatchContext,
): string | undefined {
  const isArriving = hook === 'PREROUTING' || hook === 'INPUT';
  const link = by !== undefined ? device : isArriving ? packet.inInterface : '';
  if (link === '') return undefined;
  if (hasAddress(netState, link, address)) return '';
  const leads = netState.routes.some(
    ({ dev, to, type }) => dev === link && type === 'unicast' && inBlock(address, blockOf(to)) === true,
  );
  return leads ? link : '';
}

/** By which interface a route leads to an address, of those asked for; '' for none, undefined where that is not known. */
function leadsBy(asked: FibQuestion, device: string, facts: MatchContext): string | undefined {
  const { side, marked, by } = asked;
  const { packet, netState, hook } = facts;
  const { family, inInterface, outInterface } = packet;
  const address = packet[side];
  const other = packet[side === 'source' ? 'destination' : 'source'];
  if (inInterface === 'lo' && hook === 'PREROUTING') return device === '' ? undefined : device;
  if (inInterface === 'lo' || netState.links.some(({ kind }) => kind === 'vrf')) return undefined;
  if (by !== undefined && device === '') return undefined;
  if (family === 'ipv6' && isLinkLocal(address)) return leadsByLink(address, by, device, facts);
  if (family === 'ipv4' && (isZeronet(address) || isMulticast(family, other))) return undefined;
  const isBack = side === 'source' && hook === 'FORWARD' && by === 'iif';
  const route = lookupRoute(netState, {
    ...{ family, source: other, destination: address, mark: marked ? packet.mark : 0 },
    ...{ inInterface: isBack ? outInterface : '', ...toldOf(asked, packet, device) },
  });
  if (route.kind === 'unknown') return undefined;
  const leads = route.kind === 'unicast' ? route.route.dev : '';
  if (by === undefined || family === 'ipv4') return by === undefined || leads === device ? leads : '';
  if (leads === device) return leads;
  // Which of several routes of IPv6 counts depends on the kernel; that none does is sure where none by that interface holds the address.
  const isBehind = netState.routes.some(
    ({ dev, to }) => dev === device && inBlock(address, blockOf(to)) !== false,
  );
  return isBehind ? undefined : '';
}
