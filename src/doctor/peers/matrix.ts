import { hostPort, isAny, isLoopback } from '../../net/address.ts';
import { familyOf } from '../../net/family.ts';
import type { Path } from '../../trace/path.ts';
import type { PublishedPort } from '../../docker/inventory/inventory.ts';
import { membersOf, type Member } from '../lookup.ts';
import { outwardPaths } from '../paths/asked.ts';
import { follow, type Followed } from '../paths/follow.ts';
import { outcomeWords } from '../paths/outcome-words.ts';
import { tellingApart, type TellingApart } from './alike.ts';
import { arrivingPaths } from './arriving.ts';
import { doorInto, isNear, wireWith, wiresOf } from './door.ts';
import { leavingBy } from './leaving.ts';
import type { PeerHost, PeerTarget, WirePacket } from './peer.ts';

/** One reason for which ways between hosts are cut, or not known. */
export interface FleetCause {
  readonly host: string;
  /** In one line: `DROP by a rule of filter FORWARD: -A FORWARD -j DROP`. */
  readonly what: string;
  readonly verdict: 'fail' | 'unknown';
  /** How many ways it is the reason for. */
  readonly ways: number;
  /** Hosts that do not reach it, or that it does not reach. */
  readonly hosts: readonly string[];
  /** The published ports concerned: `api, host-b 198.51.100.20:8080/tcp`. */
  readonly ports: readonly string[];
}

/** Who reaches what of a fleet. */
export interface FleetMatrix {
  readonly hosts: readonly string[];
  /** Published ports that are asked for. */
  readonly ports: number;
  /** From a network of each other host to each of them. */
  readonly ways: number;
  readonly open: number;
  /** The one for most ways first. */
  readonly causes: readonly FleetCause[];
  readonly verdict: 'ok' | 'fail' | 'unknown';
}

/** What became of a packet at one host, in what all that fare alike have in common. */
interface HostFate {
  readonly verdict: 'ok' | 'fail' | 'unknown';
  readonly what: string;
}

/** A host, and what was followed there already. */
interface FleetHost {
  readonly peer: PeerHost;
  readonly apart: TellingApart;
  readonly known: Map<string, HostFate & { readonly wire?: WirePacket | undefined }>;
  /** One container of each network that may ask outside. */
  readonly askers: readonly Member[];
  readonly served: readonly PublishedPort[];
}

const fleetHost = (peer: PeerHost): FleetHost => {
  const members = membersOf(peer.facts).filter(({ network }) => !network.internal);
  const firsts = new Map(members.toReversed().map((member) => [member.network.id, member]));
  return {
    peer,
    apart: tellingApart(peer.facts),
    known: new Map(),
    askers: [...firsts.values()],
    served: peer.facts.ports.filter(
      ({ hostIp, hostPort: port, proto }) => port !== undefined && !isLoopback(hostIp) && proto !== 'sctp',
    ),
  };
};

/**
 * Who reaches which published port of a fleet, from one container of each network of every other host. Packets that nothing on a host tells apart are
 * followed once there. Pure.
 */
export function fleetMatrix(peers: readonly PeerHost[]): FleetMatrix {
  const all = peers.map(fleetHost);
  const causes = new Map<
    string,
    { cause: FleetCause; hosts: Set<string>; ports: Set<string>; ways: number }
  >();
  let [ways, open] = [0, 0];
  for (const asked of all)
    for (const asking of all) {
      if (asking === asked) continue;
      for (const target of targetsOf(asked, asking))
        for (const asker of asking.askers) {
          if (addressless(asker, target)) continue;
          ways++;
          const found = fateOf(asker, target, asking, asked);
          if (found === undefined) {
            open++;
            continue;
          }
          const { host, fate } = found;
          const key = `${host} ${fate.what}`;
          const { verdict, what } = fate;
          const entry = causes.get(key) ?? {
            cause: {
              host,
              what,
              verdict: verdict === 'fail' ? 'fail' : 'unknown',
              ways: 0,
              hosts: [],
              ports: [],
            },
            ...{ hosts: new Set<string>(), ports: new Set<string>(), ways: 0 },
          };
          entry.ways++;
          entry.hosts.add((host === asked.peer.about.host ? asking : asked).peer.about.host);
          entry.ports.add(
            `${target.name}, ${asked.peer.about.host} ${hostPort(target.address, target.port)}/${target.proto}`,
          );
          causes.set(key, entry);
        }
    }
  const told = [...causes.values()]
    .map((one): FleetCause => ({
      ...one.cause,
      ways: one.ways,
      hosts: [...one.hosts],
      ports: [...one.ports],
    }))
    .sort((a, b) => b.ways - a.ways);
  return {
    hosts: peers.map(({ about }) => about.host),
    ports: all.reduce((sum, { served }) => sum + served.length, 0),
    ...{ ways, open, causes: told },
    verdict: told.some(({ verdict }) => verdict === 'fail') ? 'fail' : told.length > 0 ? 'unknown' : 'ok',
  };
}

interface FleetTarget extends PeerTarget {
  readonly name: string;
}

const addressless = ({ attached }: Member, { address }: FleetTarget): boolean =>
  (familyOf(address) === 'ipv4' ? attached.ipv4 : attached.ipv6) === '';

/** The published ports of a host, by the address that the other host would ask: one on a wire of both, else that of the way out. */
function targetsOf({ peer, served }: FleetHost, asking: FleetHost): readonly FleetTarget[] {
  return served.flatMap(({ container, hostIp, hostPort: port, proto }): readonly FleetTarget[] => {
    if (port === undefined || proto === 'sctp') return [];
    const address = isAny(hostIp) ? facing(peer, asking.peer, familyOf(hostIp)) : hostIp;
    return address === undefined ? [] : [{ name: container, address, port, proto }];
  });
}

function facing(peer: PeerHost, asking: PeerHost, family: 'ipv4' | 'ipv6'): string | undefined {
  const own = wiresOf(peer.facts)
    .flatMap(({ addresses }) => addresses)
    .filter((one) => one.family === family && one.scope === 'global');
  const near = own.find(({ address }) => wiresOf(asking.facts).some((link) => isNear(link, address)));
  return (near ?? own[0])?.address;
}

/** Why a way is cut, and where; undefined for one that is open. */
function fateOf(
  asker: Member,
  target: FleetTarget,
  asking: FleetHost,
  asked: FleetHost,
): { readonly host: string; readonly fate: HostFate } | undefined {
  const out = leavesAs(asker, target, asking);
  if (out.verdict !== 'ok') return { host: asking.peer.about.host, fate: out };
  const { wire } = out;
  if (wire === undefined)
    return {
      host: asking.peer.about.host,
      fate: { verdict: 'unknown', what: 'as whom packets leave is not known' },
    };
  const own = { ...wire, ...target };
  const into = entersBy(own, asked);
  if (into.verdict !== 'ok') return { host: asked.peer.about.host, fate: into };
  return wireWith(own.source, asking.peer.facts) === undefined
    ? {
        host: asking.peer.about.host,
        fate: {
          verdict: 'unknown',
          what: `packets of network ${asker.network.name} leave with the container's own address: whether answers come back is not seen here`,
        },
      }
    : undefined;
}

function leavesAs(
  asker: Member,
  target: FleetTarget,
  { peer, apart, known }: FleetHost,
): HostFate & { readonly wire?: WirePacket | undefined } {
  const key = `out ${asker.network.id} ${target.proto} ${apart.addressKey(target.address)} ${apart.portKey(target.port)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const sender = { is: 'containers', names: [asker.container.name] } as const;
  const [request] = outwardPaths(sender, { kind: 'address', ...target }, peer.facts);
  const leaving = request && leavingBy(request, target, peer.facts);
  const answered = request === undefined ? [] : follow(request, peer.facts);
  const fate =
    leaving === undefined
      ? { verdict: 'unknown' as const, what: `nothing of network ${asker.network.name} can be followed` }
      : { ...worst(answered), wire: leaving.wire };
  known.set(key, fate);
  return fate;
}

function entersBy(packet: WirePacket, { peer, apart, known }: FleetHost): HostFate {
  const door = doorInto(packet, peer.facts);
  if (door === undefined)
    return { verdict: 'unknown', what: 'by which interface packets come in is not known' };
  const { address, port, proto, source } = packet;
  const key = `in ${door.link.name} ${address} ${String(port)}/${proto} ${apart.addressKey(source)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const requests = arrivingPaths(packet, door, NO_TROUBLE, peer.facts);
  const fate =
    requests.length === 0
      ? { verdict: 'unknown' as const, what: 'nothing that is published there can be followed' }
      : worst(requests.flatMap((request) => follow(request, peer.facts)));
  known.set(key, fate);
  return fate;
}

const NO_TROUBLE = { target: { kind: 'host' }, containers: new Set<string>(), trouble: [] } as const;

/** The first packet, there or back, that did not get where it should. */
function worst(followed: readonly Followed[]): HostFate {
  const bad = followed.find(({ outcome }) => outcome.is !== 'reached' && outcome.is !== 'detour');
  if (bad === undefined) return { verdict: 'ok', what: '' };
  return { verdict: bad.outcome.is === 'unknown' ? 'unknown' : 'fail', what: whyNot(bad) };
}

function whyNot({ outcome, path }: Followed): string {
  const { end, packet } = path;
  const answer = packet.state === 'NEW' ? '' : 'answers: ';
  return `${answer}${end.at === 'sent' || end.at === 'local' ? outcomeWords(outcome) : endWords(end)}`;
}

function endWords(end: Exclude<Path['end'], { readonly at: 'sent' | 'local' }>): string {
  switch (end.at) {
    case 'stopped':
      return end.rule === undefined
        ? `${end.target} by the policy of ${end.table} ${end.chain}`
        : `${end.target} by a rule of ${end.table} ${end.chain}: ${end.rule.text}`;
    case 'lost':
      return end.detail === '' ? end.why : end.detail;
    case 'unknown':
      return `not known: ${end.why}`;
  }
}
