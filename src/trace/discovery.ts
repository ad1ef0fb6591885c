import { blockOf, formatBlock } from '../net/address.ts';
import { passIngress } from './ingress.ts';
import { memory } from './memory.ts';
import type { NetworkLink, NetworkState } from './network-state.ts';
import { makePacket, type Packet } from './packet.ts';
import type { Path, PathEnd } from './path.ts';
import { inBlock } from './routing/addresses.ts';
import { linkOf } from './routing/local.ts';
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
  const { packet, last, steps, end } = path;
  if (packet.family !== 'ipv6' || (end.at !== 'sent' && end.at !== 'local')) return path;
  if (steps.some(({ stage }) => stage === 'bridge')) return path;
  const whole = netState.whole ?? netState;
  const meetings: readonly Meeting[] = [
    { by: packet.inInterface, hop: hopBack(whole, packet), asks: 'they', from: '' },
    ...(end.at === 'sent'
      ? [
          {
            ...{ by: end.outInterface, hop: end.nextHop === '' ? last.destination : end.nextHop },
            ...{ asks: 'we' as const, from: packet.inInterface === '' ? last.source : '' },
          },
        ]
      : []),
  ];
  for (const meeting of meetings) {
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

const failing = memory<Path | undefined>();

/** Two neighbours on a link, one of which asks for the other. */
interface Meeting {
  /** The interface; '' for this host itself. */
  readonly by: string;
  readonly hop: string;
  readonly asks: 'they' | 'we';
  /** This host's address that the packet has; '' where it has another's. */
  readonly from: string;
}

/** Where discovery is stopped; undefined where it works, or is not needed. */
function findFailing(
  { by, hop, asks, from }: Meeting,
  netState: NetworkState,
  follow: FollowAlong,
): Path | undefined {
  const link = linkOf(netState, by);
  if (link === undefined || by === 'lo' || link.asksNobody === true) return undefined;
  const own = ownAddress(link, from, asks);
  if (own === undefined || hop === '') return undefined;
  const inPort = netState.links.find(({ master }) => master === by)?.name ?? '';
  const of = (type: number, source: string, destination: string, fields: Partial<Packet>): Packet =>
    makePacket({
      ...{
        family: 'ipv6',
        protocol: 'ipv6-icmp',
        icmp: { type, code: 0 },
        state: 'UNTRACKED',
        hopLimit: 255,
        isSeldom: true,
      },
      ...{ source, destination, ...fields },
    });
  const [asking, asked] = asks === 'they' ? [hop, own] : [own, hop];
  const [comes, leaves] = [{ inInterface: by, inPort }, { outInterface: by }];
  const isIn = asks === 'they';
  const ways = [
    follow(
      of(SOLICITATION, asking, solicited(asked), isIn ? comes : leaves),
      netState,
      isIn ? arrive : depart,
    ),
    follow(of(ADVERTISEMENT, asked, asking, isIn ? leaves : comes), netState, isIn ? depart : arrive),
  ];
  return ways.find(({ end }) => end.at === 'stopped' || end.at === 'unknown');
}

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
  const isNear = link?.addresses.some(
    (one) =>
      one.family === family && inBlock(source, blockOf(`${one.address}/${String(one.length)}`)) === true,
  );
  if (isNear === true) return source;
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
