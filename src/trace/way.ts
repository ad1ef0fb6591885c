import { isMulticast } from './routing/addresses.ts';
import { atBridge, behindBridge, bridgesAreFiltered, isBridged, refusedHairpin } from './routing/bridge.ts';
import {
  forwards,
  refusedArrival,
  refusedInput,
  refusedOutput,
  withoutIpv6,
} from './routing/input-checks.ts';
import { linkOf, localType } from './routing/local.ts';
import type { Packet } from './packet.ts';
import type { Hook, PathEnd } from './path.ts';
import { isUsualTable, lookupRoute, sourceFor, type Routing } from './routing/route.ts';
import { metLate, passIngress } from './ingress.ts';
import { passTables } from './stage.ts';
import { note, unknownEnd, type Outway, type Walk } from './walk.ts';

/** iptables-nft registers `security` at 150, not at the 50 legacy has it at: in INPUT that is behind `nat` (measured). */
const SECURITY = ['legacy security', 'nft security'];
const ARRIVING = ['raw', 'conntrack', 'mangle', 'nat', 'natives'];
const LEAVING = ['raw', 'conntrack', 'mangle', 'nat', 'filter', ...SECURITY, 'natives'];

const down = (detail: string): PathEnd => ({ at: 'lost', why: 'interface-down', detail });

function routeOf({ packet, netState }: Walk): Routing {
  return lookupRoute(netState, packet);
}

function noteRoute(
  { steps }: Walk,
  hook: Hook,
  { route: { to, via, dev: known }, rule }: Extract<Routing, { readonly route: unknown }>,
  dev = known,
): void {
  steps.push({
    ...{ hook, stage: 'routing', what: `route to ${to}${via === '' ? '' : ` via ${via}`} by ${dev}` },
    ...(!isUsualTable(rule.table) && { routedBy: rule }),
  });
}

const lostBy = (routing: Extract<Routing, { kind: 'none' | 'unknown' }>): PathEnd =>
  routing.kind === 'none'
    ? { at: 'lost', why: routing.why, detail: routing.detail }
    : unknownEnd({ why: routing.why });

/** The whole way of a packet, to its end. */
export function goAllTheWay(walk: Walk): PathEnd {
  return walk.packet.inInterface === '' ? goOut(walk) : comeIn(walk);
}

function comeIn(walk: Walk): PathEnd {
  const { netState } = walk;
  const link = linkOf(netState, walk.packet.inInterface);
  if (link === undefined) return unknownEnd({ why: `interface ${walk.packet.inInterface}` });
  if (!link.up) return down(`${link.name} is down`);
  walk.packet = atBridge(netState, walk.packet);
  const port = linkOf(netState, walk.packet.inPort);
  if (port !== undefined && (!port.up || !['', 'forwarding'].includes(port.portState)))
    return down(`${port.name} does not forward`);
  walk.bridged = isBridged(netState, walk.packet);
  const early = passIngress(walk);
  if (early !== undefined) return early;
  const { packet } = walk;
  const filtered = bridgesAreFiltered(netState, packet);
  const shown = filtered && behindBridge(netState, packet);
  const refused = walk.bridged || shown ? undefined : refusedArrival(netState, packet);
  if (refused !== undefined) return refused;
  if (walk.bridged) {
    if (isMulticast(packet.family, packet.destination) || isBroadcast(walk))
      return unknownEnd({ why: `${packet.destination} is no address of one machine` });
    if (!filtered) return carriedUnseen(walk);
    note(
      walk,
      'PREROUTING',
      'bridge',
      `carried by ${packet.inInterface} from port to port, shown to the rules`,
    );
  }
  const stopped = passTables(walk, 'PREROUTING', ARRIVING);
  if (stopped !== undefined) return stopped;
  const moved =
    walk.packet.destination !== packet.destination || walk.packet.vague?.includes('destination') === true;
  // Nothing is routed that stays on its bridge.
  if (walk.bridged && !moved) return forward(walk, packet.inInterface, '');
  return routeIn(walk, shown, moved);
}

const isBroadcast = ({ netState, packet }: Walk): boolean =>
  localType(netState, packet.family, packet.destination, undefined) === 'BROADCAST';

function carriedUnseen(walk: Walk): PathEnd {
  const { inInterface } = walk.packet;
  walk.packet = { ...walk.packet, outInterface: inInterface };
  note(walk, 'FORWARD', 'bridge', `carried by ${inInterface} from port to port: no rule of iptables sees it`);
  return { at: 'sent', outInterface: inInterface, nextHop: '' };
}

/**
 * @param shown - a bridge has shown it to the rules, before the kernel looked at what it refuses
 * @param moved - it is for another than it was when it came in
 */
function routeIn(walk: Walk, shown: boolean, moved: boolean): PathEnd {
  const { packet, netState } = walk;
  const routing = routeOf(walk);
  const carries = shown && moved;
  const carried = carries && routing.kind === 'unicast' && routing.route.dev === packet.inInterface;
  const met = walk.bridged && !carried ? metLate(walk) : undefined;
  if (met !== undefined) return met;
  const late = shown && !carried ? refusedArrival(netState, packet) : undefined;
  const refused = late ?? refusedInput(netState, packet, routing);
  if (refused !== undefined) return refused;
  if (routing.kind === 'none' || routing.kind === 'unknown') return lostBy(routing);
  if (routing.kind !== 'unicast') {
    walk.bridged = false;
    note(walk, 'PREROUTING', 'routing', `${packet.destination} is this machine's own`);
    return takeIn(walk);
  }
  const { dev, via } = routing.route;
  walk.bridged = carried;
  // What a bridge has routed, IPv6 takes for having come in by where it leaves (ip6_input.c, ip6_rcv_core).
  const by = carries && packet.family === 'ipv6' ? dev : packet.inInterface;
  const lost = walk.bridged ? refusedCarried(walk) : refusedForward(walk, by);
  if (lost !== undefined) return lost;
  noteRoute(walk, 'PREROUTING', routing);
  return forward(walk, dev, via);
}

/**
 * What DNAT moved on its own bridge needs no forwarding by the kernel's comments: so it is for IPv6, IPv4's is lost
 * without (measured on 6.18).
 */
function refusedCarried({ netState, packet }: Walk): PathEnd | undefined {
  const { family, inInterface } = packet;
  return family === 'ipv6' || forwards(netState, family, inInterface) === true
    ? refusedHairpin(netState, packet)
    : unknownEnd({ why: `whether ${inInterface} carries what was translated, with forwarding off` });
}

function refusedForward({ netState, packet }: Walk, by: string): PathEnd | undefined {
  const forwarding = forwards(netState, packet.family, by);
  if (forwarding === undefined) return unknownEnd({ why: 'whether this machine forwards' });
  return forwarding
    ? undefined
    : { at: 'lost', why: 'forwarding-off', detail: `packets from ${packet.inInterface} are not forwarded` };
}

function takeIn(walk: Walk): PathEnd {
  const tables = ['mangle', 'filter', 'legacy security', 'nat', 'nft security', 'natives'];
  return passTables(walk, 'INPUT', tables) ?? { at: 'local' };
}

function forward(walk: Walk, outInterface: string, nextHop: string): PathEnd {
  walk.packet = { ...walk.packet, outInterface };
  return (
    passTables(walk, 'FORWARD', ['mangle', 'filter', ...SECURITY, 'natives']) ??
    leave(walk, outInterface, nextHop)
  );
}

function leave(walk: Walk, outInterface: string, nextHop: string): PathEnd {
  walk.packet = { ...walk.packet, outInterface };
  walk.nextHop = nextHop === '' ? walk.packet.destination : nextHop;
  const link = linkOf(walk.netState, outInterface);
  if (link === undefined) return unknownEnd({ why: `interface ${outInterface}` });
  if (!link.up) return down(`${outInterface} is down`);
  const off = walk.bridged ? undefined : withoutIpv6(walk.netState, walk.packet.family, outInterface);
  if (off !== undefined) return off;
  const stopped = passTables(walk, 'POSTROUTING', ['mangle', 'nat', 'natives']);
  if (stopped !== undefined) return stopped;
  if (outInterface === 'lo') return comeBack(walk);
  return link.carrier ? { at: 'sent', outInterface, nextHop } : down(`${outInterface} has no carrier`);
}

/** Over lo a packet keeps its connection and its route: both are only made once. */
function comeBack(walk: Walk): PathEnd {
  walk.packet = { ...walk.packet, inInterface: 'lo', outInterface: '' };
  note(walk, 'PREROUTING', 'routing', 'comes back over lo');
  return passIngress(walk) ?? passTables(walk, 'PREROUTING', ARRIVING) ?? takeIn(walk);
}

/**
 * A packet made here, with the source it gets. Where that is borrowed from another interface, which one is not known: any stands
 * for it, unless a rule of policy routing asks for sources.
 */
function withSource({ packet, netState }: Walk, source: string | undefined): Packet | undefined {
  const { family, original } = packet;
  if (source !== undefined)
    return source === '' ? undefined : { ...packet, source, original: { ...original, source } };
  const isAsked = netState.routeRules.some(
    (rule) => rule.family === family && (rule.fields['src'] ?? 'all') !== 'all',
  );
  const [other] = netState.links.flatMap(({ addresses }) =>
    addresses.filter((one) => one.family === family && one.scope === 'global'),
  );
  if (other === undefined || isAsked) return undefined;
  const { address } = other;
  return { ...packet, source: address, original: { ...original, source: address }, vague: ['source'] };
}

/** @returns its end where it cannot leave, else by which interface and to whom */
function routeOut(walk: Walk): PathEnd | Outway {
  const { packet, netState } = walk;
  if (packet.vague?.includes('destination') || packet.vague?.includes('mark'))
    return unknownEnd({ why: 'routing of what was changed to a value not known' });
  const routing = routeOf(walk);
  if (routing.kind === 'none' || routing.kind === 'unknown') return lostBy(routing);
  if (routing.kind === 'broadcast' || isMulticast(packet.family, packet.destination))
    return unknownEnd({ why: `${packet.destination} is no address of one machine` });
  if (packet.source === '') {
    const given = withSource(walk, sourceFor(netState, packet.family, packet.destination, routing));
    if (given === undefined) return unknownEnd({ why: 'the source address it gets' });
    walk.packet = given;
    // A socket of IPv4 that connects is routed again by the address it got; one of IPv6 is not (route.h, ip_route_connect).
    if (given.family === 'ipv4' && given.vague === undefined) return routeOut(walk);
  }
  const dev = routing.kind === 'local' ? 'lo' : routing.route.dev;
  const via = routing.kind === 'local' ? '' : routing.route.via;
  const refused = refusedOutput(netState, walk.packet, dev);
  if (refused !== undefined) return refused;
  noteRoute(walk, 'OUTPUT', routing, dev);
  return { dev, via };
}

function goOut(walk: Walk): PathEnd {
  const first = routeOut(walk);
  if ('at' in first) return first;
  walk.way = first;
  // The rules of OUTPUT see this interface to the end, also where the packet is routed again in between (ip_output.c,
  // __ip_local_out fixes it before the first of them).
  walk.packet = { ...walk.packet, outInterface: first.dev };
  walk.reroute = () => {
    const next = routeOut(walk);
    if ('at' in next) return next;
    walk.way = next;
    return undefined;
  };
  const stopped = passTables(walk, 'OUTPUT', LEAVING);
  walk.reroute = undefined;
  return stopped ?? leave(walk, walk.way.dev, walk.way.via);
}
