import { blockOf, isLoopback } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { PathEnd } from '../path.ts';
import type { Packet, Vague } from '../packet.ts';
import { inBlock, isLinkLocal, isMulticast, isZeronet } from './addresses.ts';
import { linkOf, localType } from './local.ts';
import { memory } from '../memory.ts';
import { lookupRoute, type Routing } from './route.ts';
import { readsPorts, WITHOUT_PORTS, type Journey } from './routing-rules.ts';
import type { NetworkState } from '../network-state.ts';

const lost = (why: Extract<PathEnd, { at: 'lost' }>['why'], detail: string): PathEnd => ({
  at: 'lost',
  why,
  detail,
});
const unknown = (why: string): PathEnd => ({ at: 'unknown', why });

/** A setting that counts as the greater of an interface's own and the one for all. */
function greater(netState: NetworkState, device: string, name: string): number {
  const of = (where: string): number => Number(netState.sysctls.get(`ipv4/conf/${where}/${name}`) ?? 0);
  return Math.max(of('all'), of(device));
}

/**
 * What the kernel refuses of a packet that came in, whatever the rules say, after PREROUTING: sources and destinations
 * that cannot be, and by rp_filter sources that are not reached by this interface (route.c, ip_route_input_slow;
 * fib_frontend.c, fib_validate_source). Undefined when it may pass.
 *
 * @param routing - where it is routed
 */
export function refusedInput(netState: NetworkState, packet: Packet, routing: Routing): PathEnd | undefined {
  const { family, source, destination, inInterface } = packet;
  if (packet.vague?.includes('source') || packet.vague?.includes('destination'))
    return unknown('routing of an address that NAT chose');
  if (family === 'ipv6') return refusedIpv6(netState, packet, routing);
  const localnet = greater(netState, inInterface, 'route_localnet') > 0;
  if (isMulticast(family, source) || source === '255.255.255.255' || isZeronet(source))
    return lost('martian', `source ${source}`);
  if (destination === '255.255.255.255' || isMulticast(family, destination))
    return unknown(`${destination} is no address of one machine`);
  if (isZeronet(destination)) return lost('martian', `destination ${destination}`);
  for (const [what, address] of [
    ['source', source],
    ['destination', destination],
  ] as const)
    if (isLoopback(address) && !localnet) return lost('martian', `${what} ${address} on ${inInterface}`);
  return routing.kind === 'none' || routing.kind === 'unknown'
    ? undefined
    : refusedSource(netState, packet, routing.kind === 'unicast' ? routing.route.dev : '');
}

/** Whether IPv6 is switched off on an interface. */
export const withoutIpv6 = (
  { sysctls }: NetworkState,
  family: Family,
  device: string,
): PathEnd | undefined =>
  family === 'ipv6' && sysctls.get(`ipv6/conf/${device}/disable_ipv6`) === '1'
    ? lost('interface-down', `IPv6 is switched off on ${device}`)
    : undefined;

/** What IPv6 refuses before any rule sees it, but for a bridge, which shows it to the rules first (ip6_input.c, ip6_rcv_core). */
export function refusedArrival(netState: NetworkState, packet: Packet): PathEnd | undefined {
  const { family, source, destination, inInterface } = packet;
  if (family === 'ipv4' || inInterface === 'lo') return undefined;
  const off = withoutIpv6(netState, family, inInterface);
  if (off !== undefined) return off;
  if (isMulticast(family, source) || isLoopback(source))
    return lost('martian', `source ${source} on ${inInterface}`);
  return isLoopback(destination)
    ? lost('martian', `destination ${destination} on ${inInterface}`)
    : undefined;
}

function refusedIpv6(netState: NetworkState, packet: Packet, routing: Routing): PathEnd | undefined {
  const { source, destination, inInterface } = packet;
  if (isMulticast('ipv6', destination)) return unknown(`${destination} is no address of one machine`);
  if (isMulticast('ipv6', source) || isLoopback(source))
    return lost('martian', `source ${source} on ${inInterface}`);
  if (isLoopback(destination)) return refusedLoopback(netState, packet);
  if (routing.kind !== 'unicast') return undefined;
  if (isLinkLocal(destination)) return unknown(`the link of ${destination}`);
  // Back to where it came from it goes with a redirect (ip6_output.c, ip6_forward).
  return isLinkLocal(source) && routing.route.dev !== inInterface
    ? lost('martian', `source ${source} belongs to ${inInterface} alone`)
    : undefined;
}

/** What NAT turns into ::1 is only sought behind the interface it came in by, and not this machine itself (rt6_need_strict). */
function refusedLoopback({ routes }: NetworkState, { destination, inInterface }: Packet): PathEnd {
  const leads = routes.some(
    ({ dev, to }) => dev === inInterface && inBlock(destination, blockOf(to)) === true,
  );
  return leads
    ? unknown(`${destination} on ${inInterface}`)
    : lost('no-route', `${destination} is not behind ${inInterface}`);
}

const held = memory<boolean>();

/** @param outInterface - '' for a packet that is for this machine */
function refusedSource(netState: NetworkState, packet: Packet, outInterface: string): PathEnd | undefined {
  const { family, source, inInterface } = packet;
  const filter = greater(netState, inInterface, 'rp_filter');
  const acceptLocal = greater(netState, inInterface, 'accept_local') > 0;
  const type = localType(netState, family, source, undefined);
  const exact = held(netState.links, source, () =>
    netState.links.some(({ addresses }) => addresses.some(({ address }) => address === source)),
  );
  // Without rp_filter and routing rules of one's own the kernel only checks for that very address on an interface.
  const custom = netState.routeRules.filter((rule) => rule.family === family).length > 3;
  if (filter === 0 && !custom && !exact && type !== 'UNICAST')
    return unknown(`whether source ${source} is refused`);
  if (type === 'BROADCAST') return lost('martian', `source ${source}`);
  if (type === 'LOCAL' && !acceptLocal) return lost('martian', `source ${source} is this machine's own`);
  if (filter === 0) return undefined;
  const back = lookupRoute(netState, journeyBack(netState, packet, outInterface));
  if (back.kind === 'unknown') return unknown(back.why);
  if (back.kind === 'none') return lost('rp-filter', `${inInterface}: ${back.detail}`);
  if (back.kind === 'broadcast') return lost('martian', `source ${source}`);
  const strict = filter === 1;
  if (back.route.dev === inInterface) return undefined;
  const unnumbered = !(linkOf(netState, inInterface)?.addresses ?? []).some((own) => own.family === family);
  return strict || unnumbered
    ? lost('rp-filter', `${inInterface}: ${source} is reached by ${back.route.dev}`)
    : undefined;
}

/**
 * What rp_filter looks up: the way back, as of a packet that came in by the interface this one is to leave by, without a mark but where
 * src_valid_mark says so (fib_frontend.c, __fib_validate_source).
 */
function journeyBack(netState: NetworkState, packet: Packet, outInterface: string): Journey {
  const { family, source, destination, mark, vague = [] } = packet;
  const isMarked = greater(netState, packet.inInterface, 'src_valid_mark') > 0;
  const back = {
    ...{ family, source: destination, destination: source, inInterface: outInterface },
    ...{ mark: isMarked ? mark : 0, inVrfOf: packet.inInterface },
  };
  const unsure = vague.filter((field) => field !== 'mark' || isMarked);
  if (!readsPorts(netState, family))
    return { ...back, ...WITHOUT_PORTS, vague: unsure.filter((field) => TURNED[field] === undefined) };
  return {
    ...{ ...back, protocol: packet.protocol, vague: unsure.map((field) => TURNED[field] ?? field) },
    ...{ sourcePort: packet.destinationPort, destinationPort: packet.sourcePort },
  };
}

const TURNED: Readonly<Partial<Record<Vague, Vague>>> = {
  sourcePort: 'destinationPort',
  destinationPort: 'sourcePort',
};

/** Whether packets that came in by an interface are forwarded; undefined where that was not read. */
export function forwards(netState: NetworkState, family: Family, device: string): boolean | undefined {
  const names =
    family === 'ipv4'
      ? [`ipv4/conf/${device}/forwarding`, 'ipv4/conf/all/forwarding', 'ipv4/ip_forward']
      : ['ipv6/conf/all/forwarding'];
  // For IPv6 the setting for all interfaces decides; one may be forced on alone (ip6_output.c, ip6_forward).
  if (family === 'ipv6' && netState.sysctls.get(`ipv6/conf/${device}/force_forwarding`) === '1') return true;
  const value = names.map((name) => netState.sysctls.get(name)).find((text) => text !== undefined);
  return value === undefined ? undefined : value.trim() !== '0';
}

/** Whether a packet may go out to `dev` from this source: nothing of 127.0.0.0/8 leaves, but for route_localnet. */
export function refusedOutput(
  netState: NetworkState,
  { family, source }: Packet,
  dev: string,
): PathEnd | undefined {
  const leaves = family === 'ipv4' && isLoopback(source) && dev !== 'lo';
  return leaves && greater(netState, dev, 'route_localnet') === 0
    ? lost('martian', `source ${source} on ${dev}`)
    : undefined;
}
