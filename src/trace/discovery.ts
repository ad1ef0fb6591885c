import { blockOf, formatBlock } from '../net/address.ts';
import { passIngress } from './ingress.ts';
import { memory } from './memory.ts';
import type { NetworkLink, NetworkState } from './network-state.ts';
import { makePacket, type Packet } from './packet.ts';
import type { Path, PathEnd } from './path.ts';
import { atBridge, bridgesAreFiltered } from './routing/bridge.ts';
import { isInNetworkOf, linkOf } from './routing/local.ts';
import { lookupRoute } from './routing/route.ts';
import { passTables } from './stage.ts';
import type { Walk } from './walk.ts';

/** Follows a packet by hooks of its own choice. */
export type FollowAlong = (packet: Packet, netState: NetworkState, along: (walk: Walk) => PathEnd) => Path;

/** ICMPv6 types of neighbour discovery (RFC 4861). */
const [SOLICITATION, ADVERTISEMENT] = [135, 136];

/**
 * A path, held against neighbour discovery. IPv6 asks for a neighbour's link address by ICMPv6, which passes the rules as any packet does,
 * untracked: where they drop the question or the answer, nothing is sent to that neighbour, and nothing comes from it (measured on 6.18,
 * test/kernel/facts/neighbours.test.ts). Whom the kernel has found before it knows for some seconds more.
 *
 * A neighbour that asks for this host is known to it by that, and the other way round: of a connection's later packets nothing is asked.
 *
 * @param path - of the first packet of a connection
 * @returns the path itself, or one that ends where discovery is stopped
 */
export function heldAgainstDiscovery(path: Path, netState: NetworkState, follow: FollowAlong): Path {
  const { packet, steps, end } = path;
  if (packet.family !== 'ipv6' || (end.at !== 'sent' && end.at !== 'local')) return path;
  const whole = netState.whole ?? netState;
  for (const meeting of meetingsOn(path, end, whole)) {
    const lost = failing(whole, Object.values(meeting).join(' '), () => findFailing(meeting, whole, follow));
    if (lost !== undefined)
      return {
        ...path,
        steps: [...steps, ...lost.steps],
        end: lost.end.at === 'stopped' ? { ...lost.end, discovers: true } : lost.end,
      };
  }
  return path;
}

/** Who must know whom for a packet to get where it does. */
function meetingsOn(
  { packet, last, steps }: Path,
  end: Extract<PathEnd, { at: 'sent' | 'local' }>,
  netState: NetworkState,
): readonly Meeting[] {
  const { inInterface: by, inPort, source, destination } = atBridge(netState, packet);
  if (steps.some(({ stage }) => stage === 'bridge'))
    return bridgesAreFiltered(netState, packet)
      ? [{ by, hop: source, asks: 'they', other: destination, inPort }]
      : [];
  const comes: Meeting = {
    by,
    hop: hopBack(netState, { ...packet, inInterface: by }),
    asks: 'they',
    other: '',
    inPort: '',
  };
  if (end.at === 'local') return [comes];
  const hop = end.nextHop === '' ? last.destination : end.nextHop;
  return [comes, { by: end.outInterface, hop, asks: 'we', other: last.source, inPort: '' }];
}

const failing = memory<Path | undefined>();

/** Two neighbours on a link, one of which asks for the other. */
interface Meeting {
  /** The interface; '' for this host itself. */
  readonly by: string;
  readonly hop: string;
  readonly asks: 'they' | 'we';
  /**
   * Of `we`: the source of the packet that is sent, which is asked from where it is this host's own on that link (ndisc.c, ndisc_solicit). Of
   * `they`: the neighbour on the same bridge that is asked for; '' for this host.
   */
  readonly other: string;
  /** The port of the bridge by which a neighbour asks for another; '' where it is not known, and for this host. */
  readonly inPort: string;
}

/** Where discovery is stopped; undefined where it works, or is not needed. */
function findFailing(meeting: Meeting, netState: NetworkState, follow: FollowAlong): Path | undefined {
  const { by, hop, asks, other, inPort } = meeting;
  const link = linkOf(netState, by);
  if (link === undefined || by === 'lo' || link.asksNobody === true) return undefined;
  if (asks === 'they' && other !== '')
    return firstFailing([
      follow(solicitation(hop, other, { inInterface: by, inPort }), netState, carry),
      follow(advertisement(other, hop, { inInterface: by }), netState, carry),
    ]);
  const own = ownAddress(link, other, asks);
  if (own === undefined || hop === '') return undefined;
  const comes = {
    inInterface: by,
    inPort: netState.links.find(({ master }) => master === by)?.name ?? '',
  };
  const leaves = { outInterface: by };
  return firstFailing(
    asks === 'they'
      ? [
          follow(solicitation(hop, own, comes), netState, arrive),
          follow(advertisement(own, hop, leaves), netState, depart),
        ]
      : [
          follow(solicitation(own, hop, leaves), netState, depart),
          follow(advertisement(hop, own, comes), netState, arrive),
        ],
  );
}

const firstFailing = (ways: readonly Path[]): Path | undefined =>
  ways.find(({ end }) => end.at === 'stopped' || end.at === 'unknown');

const solicitation = (asking: string, asked: string, fields: Partial<Packet>): Packet =>
  discovering(SOLICITATION, { source: asking, destination: solicited(asked), ...fields });

const advertisement = (asked: string, asking: string, fields: Partial<Packet>): Packet =>
  discovering(ADVERTISEMENT, { source: asked, destination: asking, ...fields });

const discovering = (
  type: number,
  fields: Partial<Packet> & Pick<Packet, 'source' | 'destination'>,
): Packet =>
  makePacket({
    family: 'ipv6',
    protocol: 'ipv6-icmp',
    icmp: { type, code: 0 },
    state: 'UNTRACKED',
    hopLimit: 255,
    isSeldom: true,
    ...fields,
  });

/** What a question for others is asked from is the interface's own address on the link, if it has one. */
function ownAddress({ addresses }: NetworkLink, from: string, asks: Meeting['asks']): string | undefined {
  const own = addresses.filter(({ family }) => family === 'ipv6');
  if (own.some(({ address }) => address === from)) return from;
  const wanted = asks === 'we' ? 'link' : 'global';
  return (own.find(({ scope }) => scope === wanted) ?? own[0])?.address;
}

/** The neighbour that hands a packet over: its sender, or the gateway to it; any, where no route says. */
function hopBack(netState: NetworkState, { family, inInterface, source }: Packet): string {
  const link = linkOf(netState, inInterface);
  const own = (link?.addresses ?? []).filter((one) => one.family === family);
  if (isInNetworkOf(own, source)) return source;
  const routing = lookupRoute(netState, {
    family,
    source: '',
    destination: source,
    mark: 0,
    inInterface: '',
  });
  const via = routing.kind === 'unicast' && routing.route.dev === inInterface ? routing.route.via : '';
  return via === '' ? 'fe80::1' : via;
}

/** The address at which a neighbour is asked for (RFC 4291, 2.7.1). */
function solicited(address: string): string {
  const base = (0xff02n << 112n) | (0x1ffn << 24n) | ((blockOf(address)?.base ?? 0n) & 0xffffffn);
  return formatBlock({ family: 'ipv6', base, length: 128 }).replace(/\/128$/, '');
}

const arrive = (walk: Walk): PathEnd =>
  passIngress(walk) ??
  passTables(walk, 'PREROUTING', ['raw', 'conntrack', 'mangle', 'natives']) ??
  passTables(walk, 'INPUT', ['mangle', 'filter', 'legacy security', 'nft security', 'natives']) ?? {
    at: 'local',
  };

const depart = (walk: Walk): PathEnd =>
  passTables(walk, 'OUTPUT', [
    'raw',
    'conntrack',
    'mangle',
    'filter',
    'legacy security',
    'nft security',
    'natives',
  ]) ??
  passTables(walk, 'POSTROUTING', ['mangle', 'natives']) ?? {
    ...{ at: 'sent', outInterface: walk.packet.outInterface, nextHop: '' },
  };

/** From port to port of a bridge, shown to the rules. */
function carry(walk: Walk): PathEnd {
  walk.bridged = true;
  const stopped =
    passIngress(walk) ?? passTables(walk, 'PREROUTING', ['raw', 'conntrack', 'mangle', 'natives']);
  if (stopped !== undefined) return stopped;
  const { inInterface } = walk.packet;
  walk.packet = { ...walk.packet, outInterface: inInterface };
  return (
    passTables(walk, 'FORWARD', ['mangle', 'filter', 'legacy security', 'nft security', 'natives']) ??
    passTables(walk, 'POSTROUTING', ['mangle', 'natives']) ?? {
      ...{ at: 'sent', outInterface: inInterface, nextHop: '' },
    }
  );
}
