import { BRIDGES_TABLE } from '../../firewall/nftables/tables/names.ts';
import { isLoopback } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { bridgesIn } from '../../docker/inventory/set-aside.ts';
import { writesIpv6 } from '../../docker/settings.ts';
import type { PortTranslation } from './rule-counts.ts';
import type { NamedPath } from '../diagnosis.ts';
import { sendable } from './sendable.ts';
import { isUnavailable, type ContainerFacts, type Facts, type DockerProxy } from '../facts/facts.ts';
import type { Trail } from './capture.ts';

/** How many paths are probed at most: they are sent at once, and the whole must end in seconds. */
const MOST_PATHS = 12;
/** Other addresses of this host that a published port is tried on. */
const MOST_OTHERS = 3;
/** The name of the namespace doctor runs in. */
export const HERE = 'this host';

/** One packet, or connection, to be sent. */
export interface ProbePacket extends Trail {
  /** `this host`, or a container's name. */
  readonly from: string;
  /** Whose network namespace it is sent in, as `nsenter --net=` takes it; '' for this one. */
  readonly netns: string;
  readonly family: Family;
  readonly destination: string;
  /** 0 for ICMP. */
  readonly port: number;
}

/** What is done about one path. */
export interface PlannedProbe {
  readonly path: NamedPath;
  /** Or why nothing can be sent along it. */
  readonly packet: ProbePacket | { readonly unavailable: string };
  /** The same port probed from elsewhere, or at another address: evidence, not judged. */
  readonly others: readonly ProbePacket[];
  readonly standsIn: boolean;
  readonly target: string;
  readonly gateway: string;
  readonly doors: readonly string[];
  readonly proxy: DockerProxy | undefined;
  readonly translation: PortTranslation | undefined;
}

/** All probes, and how many paths are left out. */
export interface ProbePlan {
  readonly probes: readonly PlannedProbe[];
  readonly leftOut: number;
}

/**
 * Chooses the paths to probe and decides who sends what.
 *
 * @param firstPort - the first of the senders' ports: each probe has its own, by which it is known again behind NAT
 */
export function planProbes(paths: readonly NamedPath[], facts: Facts, firstPort: number): ProbePlan {
  const rank = ({ shouldPass, verdict }: NamedPath): number =>
    (verdict === 'fail' ? 0 : 2) + (shouldPass ? 0 : 1);
  const order = [0, 2, 1, 3];
  const worthy = sendable(paths);
  const sorted = [...worthy].sort((a, b) => order.indexOf(rank(a)) - order.indexOf(rank(b)));
  let port = firstPort;
  const nextPort = (): number => port++;
  const probes = sorted.slice(0, MOST_PATHS).map((path) => planOne(path, facts, nextPort));
  return { probes, leftOut: worthy.length - probes.length };
}

function planOne(path: NamedPath, facts: Facts, nextPort: () => number): PlannedProbe {
  const { packet, last } = path.path;
  const sender = containerAt(facts, packet.source);
  const target = targetOf(path, facts);
  const standsIn = path.kind === 'published' && sender === undefined && packet.inInterface !== '';
  const probePacket = probePacketOf(path, sender, nextPort);
  const proxy = facts.proxies.find(
    (one) =>
      one.proto === packet.protocol &&
      one.hostPort === packet.destinationPort &&
      [packet.destination, packet.family === 'ipv4' ? '0.0.0.0' : '::'].includes(one.hostIp),
  );
  const attached = target?.attachments.find(({ ipv4, ipv6 }) =>
    [ipv4, ipv6].includes(destinationOf(path, facts)),
  );
  return {
    path,
    packet: probePacket,
    others:
      'unavailable' in probePacket || !standsIn ? [] : othersOf(probePacket, path, target, facts, nextPort),
    standsIn,
    target: target?.name ?? '',
    gateway: (packet.family === 'ipv4' ? attached?.gateway : attached?.gateway6) ?? '',
    doors: target === undefined ? [last.outInterface].filter((one) => one !== '') : doorsOf(target, facts),
    proxy,
    // A container's own packets go to docker-proxy by design where Docker's rules leave out its bridge.
    translation: sender === undefined ? translationOf(path, facts) : undefined,
  };
}

/** The container that has an address, paused or not; of several (a swarm's mesh) the first. */
const containerAt = (facts: Facts, address: string): ContainerFacts | undefined =>
  facts.containers.find(
    ({ inside, attachments }) =>
      inside !== undefined &&
      attachments.some(({ ipv4, ipv6 }) => address !== '' && [ipv4, ipv6].includes(address)),
  );

/** The binding of a published port that a path leads to. */
const bindingOf = ({ path: { packet } }: NamedPath, facts: Facts) =>
  facts.ports.find(
    ({ proto, hostIp, hostPort }) =>
      proto === packet.protocol &&
      hostPort === packet.destinationPort &&
      [packet.destination, packet.family === 'ipv4' ? '0.0.0.0' : '::'].includes(hostIp),
  );

/** Where a path should lead: beyond the translation, even where that is lost. */
function destinationOf(path: NamedPath, facts: Facts): string {
  const { packet, last } = path.path;
  if (path.kind !== 'published' || last.destination !== packet.destination) return last.destination;
  const endpoint = bindingOf(path, facts)?.endpoint;
  return (packet.family === 'ipv4' ? endpoint?.ipv4 : endpoint?.ipv6) ?? last.destination;
}

const targetOf = (path: NamedPath, facts: Facts): ContainerFacts | undefined => {
  const byAddress = containerAt(facts, destinationOf(path, facts));
  if (byAddress !== undefined || path.kind !== 'published') return byAddress;
  return facts.containers.find(({ name }) => name === bindingOf(path, facts)?.container);
};

/** The host's ends of a container's links. */
function doorsOf({ inside }: ContainerFacts, { netState }: Facts): readonly string[] {
  if (inside === undefined || isUnavailable(inside)) return [];
  return netState.links
    .filter(({ index, peerIndex }) =>
      inside.links.some((link) => link.index === peerIndex && link.peerIndex === index),
    )
    .map(({ name }) => name);
}

function probePacketOf(
  path: NamedPath,
  sender: ContainerFacts | undefined,
  nextPort: () => number,
): PlannedProbe['packet'] {
  const { packet, last } = path.path;
  const protocol = /^(?:ipv6-)?icmp$/.test(packet.protocol) ? 'icmp' : packet.protocol;
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'icmp')
    return { unavailable: `no packet of protocol ${packet.protocol} is sent` };
  const who = whereOf(path, sender);
  if ('unavailable' in who) return who;
  return {
    ...who,
    protocol,
    family: packet.family,
    destination: packet.destination,
    destinations: [...new Set([packet.destination, last.destination])],
    port: protocol === 'icmp' ? 0 : packet.destinationPort,
    sourcePort: protocol === 'icmp' ? 0 : nextPort(),
  };
}

function whereOf(
  { kind, path: { packet } }: NamedPath,
  sender: ContainerFacts | undefined,
): { readonly from: string; readonly netns: string } | { readonly unavailable: string } {
  if (sender === undefined) {
    // An address that is no container's may be sent from only where it is this host's own, or represents the outside.
    if (kind === 'host' || kind === 'published') return { from: HERE, netns: '' };
    return { unavailable: `no running container has the address ${packet.source}` };
  }
  const { name, inside, networkMode } = sender;
  if (networkMode === 'host') return { from: name, netns: '' };
  if (inside === undefined) return { unavailable: `${name} does not run` };
  return isUnavailable(inside) ? { unavailable: inside.unavailable } : { from: name, netns: inside.netns };
}

/** A port that is bound to every address answers on each of them, and to containers of other networks. */
function othersOf(
  probePacket: ProbePacket,
  path: NamedPath,
  target: ContainerFacts | undefined,
  facts: Facts,
  nextPort: () => number,
): readonly ProbePacket[] {
  const bound = bindingOf(path, facts);
  const isWide = bound !== undefined && ['0.0.0.0', '::'].includes(bound.hostIp);
  const loopback = probePacket.family === 'ipv4' ? '127.0.0.1' : '::1';
  const bridges = bridgesIn(facts);
  const own = facts.netState.links
    .filter(({ name, up }) => up && !bridges.has(name))
    .flatMap(({ addresses }) => addresses)
    .filter(
      ({ family, scope, address }) =>
        family === probePacket.family && scope === 'global' && address !== probePacket.destination,
    )
    .map(({ address }) => address);
  const addresses = isWide ? [...own.slice(0, MOST_OTHERS), loopback] : [];
  const elsewhere = facts.containers.find(
    ({ networkMode, inside, attachments, name }) =>
      networkMode !== 'host' &&
      inside !== undefined &&
      !isUnavailable(inside) &&
      name !== target?.name &&
      attachments.some(({ ipv4, ipv6 }) => (probePacket.family === 'ipv4' ? ipv4 : ipv6) !== '') &&
      !attachments.some(({ network }) => target?.attachments.some((one) => one.network === network)),
  );
  const neighbour =
    elsewhere?.inside === undefined || isUnavailable(elsewhere.inside)
      ? []
      : [{ from: elsewhere.name, netns: elsewhere.inside.netns, destination: probePacket.destination }];
  return [...addresses.map((destination) => ({ from: HERE, netns: '', destination })), ...neighbour].map(
    (other) => ({
      ...probePacket,
      ...other,
      destinations: [other.destination],
      sourcePort: nextPort(),
    }),
  );
}

function translationOf(path: NamedPath, facts: Facts): PortTranslation | undefined {
  const { packet } = path.path;
  const bound = path.kind === 'published' ? bindingOf(path, facts) : undefined;
  const address = (packet.family === 'ipv4' ? bound?.endpoint?.ipv4 : bound?.endpoint?.ipv6) ?? '';
  // Docker translates nothing that begins on loopback, and nothing of IPv6 where that is switched off.
  if (bound === undefined || address === '' || isLoopback(packet.destination)) return undefined;
  if (packet.family === 'ipv6' && !translatesIpv6(facts)) return undefined;
  return {
    family: packet.family,
    proto: bound.proto,
    hostPort: packet.destinationPort,
    address,
    port: bound.port,
  };
}

/** Whether Docker translates in IPv6 at all. An Engine that did not answer is known by its rules alone. */
function translatesIpv6({ engine, owned, netState }: Facts): boolean {
  const inRules = (): boolean =>
    (owned?.families.ipv6.size ?? 0) > 0 ||
    netState.natives?.some(({ table }) => table === `ip6 ${BRIDGES_TABLE}`) === true;
  return engine.answered ? writesIpv6(engine.version, engine.facts, inRules) : inRules();
}
