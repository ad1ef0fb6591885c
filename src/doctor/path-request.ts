import type { LiveNetwork, PublishedPort } from '../docker/inventory.ts';
import type { Family } from '../iptables/model.ts';
import { makePacket, type Packet } from '../trace/packet.ts';
import type { Link } from '../trace/terrain.ts';
import type { NamedPath } from './diagnosis.ts';
import type { ContainerFacts, Facts } from './facts.ts';
import { addressOf, hostEndOf, insideLinkOf, insideOf, type Member } from './lookup.ts';
import { outsidersOf } from './outside.ts';

/** A path to be traced, and what should become of its packet. */
export interface PathRequest extends Pick<NamedPath, 'name' | 'kind' | 'subjects' | 'wanted'> {
  readonly packet: Packet;
  readonly goal: Goal;
  /** Where the kernel's own memory of the connection turns a reply's addresses back. */
  readonly reply?: { readonly destination: string; readonly destinationPort: number };
  /** Whether doctor was asked for this very path. */
  readonly asked: boolean;
}

/** Where a packet should end. */
export type Goal =
  /** At a container: by its bridge, to its address and port. */
  | { readonly to: 'container'; readonly bridge: string; readonly address: string; readonly port: number }
  /** Outside, wearing an address of this host where the network masquerades. */
  | { readonly to: 'outside'; readonly masqueraded: boolean }
  /** At a program of this host. */
  | { readonly to: 'host' };

/** Ports of the asking side; any would do. */
const FROM_PORT = 40_123;

const spell = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${String(port)}`;

const familyOf = (address: string): Family => (address.includes(':') ? 'ipv6' : 'ipv4');

/** What every packet of a kind of path starts from. */
const ask = (
  proto: string,
  source: string,
  destination: string,
  port: number,
  more: Partial<Packet>,
): Packet =>
  makePacket({
    family: familyOf(destination),
    source,
    destination,
    protocol: proto,
    sourcePort: FROM_PORT,
    destinationPort: port,
    ...(proto === 'tcp' ? { tcpFlags: ['SYN'] } : {}),
    ...more,
  });

/** The same connection's packet the other way. */
function answer(packet: Packet, from: { source: string; port: number }, more: Partial<Packet>): Packet {
  return makePacket({
    family: packet.family,
    source: from.source,
    destination: packet.source,
    protocol: packet.protocol,
    sourcePort: from.port,
    destinationPort: packet.sourcePort,
    state: 'ESTABLISHED',
    ...(packet.protocol === 'tcp' ? { tcpFlags: ['SYN', 'ACK'] } : {}),
    ...more,
  });
}

/** From outside to a published port, on every way in, and the reply. */
export function publishedPaths(
  port: PublishedPort,
  uplinks: readonly Link[],
  facts: Facts,
  asked: boolean,
): readonly PathRequest[] {
  const { hostIp, hostPort, endpoint, proto, container } = port;
  if (hostPort === undefined || endpoint === undefined || isLoopback(hostIp)) return [];
  const family = familyOf(hostIp);
  const inner = family === 'ipv4' ? endpoint.ipv4 : endpoint.ipv6;
  if (inner === '') return [];
  const goal: Goal = { to: 'container', bridge: endpoint.bridge, address: inner, port: port.port };
  const subjects = [container, endpoint.network];
  return uplinks.flatMap((uplink) => {
    const own = uplink.addresses.find(
      (one) => one.family === family && one.scope === 'global' && (isAny(hostIp) || one.address === hostIp),
    );
    if (own === undefined) return [];
    return outsidersOf(uplink, family, facts).flatMap((source): readonly PathRequest[] => {
      const packet = ask(proto, source, own.address, hostPort, { inInterface: uplink.name });
      const name = `outside → ${spell(own.address, hostPort)}/${proto} → ${container}:${String(port.port)}`;
      const about = { kind: 'published', subjects, wanted: true, asked } as const;
      const back = answer(
        packet,
        { source: inner, port: port.port },
        { inInterface: endpoint.bridge, inPort: portOf(container, inner, facts) },
      );
      return [
        { ...about, name, packet, goal },
        { ...about, name: `${name} (reply)`, packet: back, goal: { to: 'outside', masqueraded: false } },
      ];
    });
  });
}

const isAny = (address: string): boolean => address === '0.0.0.0' || address === '::';
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** The host's end of the interface that wears an address; '' where it is not seen. */
function portOf(container: string, address: string, facts: Facts): string {
  const found = facts.containers.find(({ name }) => name === container);
  const inside = found && insideOf(found);
  const link = inside?.links.find(({ addresses }) => addresses.some((one) => one.address === address));
  return (link && hostEndOf(facts.terrain, link)?.name) ?? '';
}

const vethOf = ({ container, attached }: Member, facts: Facts): string => {
  const inside = insideOf(container);
  const link = inside && insideLinkOf(inside, attached);
  return (link && hostEndOf(facts.terrain, link)?.name) ?? '';
};

const MASQUERADE = 'com.docker.network.bridge.enable_ip_masquerade';

/** Whether what leaves a network wears the host's address (not so by option, and in the gateway modes `routed` and `isolated`). */
export function masquerades({ options, internal }: LiveNetwork, family: Family): boolean {
  const mode = options[`com.docker.network.bridge.gateway_mode_${family}`] ?? 'nat';
  return !internal && options[MASQUERADE] !== 'false' && mode.startsWith('nat');
}

/** From a container to the outside, and the reply. */
export function outboundPaths(
  member: Member,
  family: Family,
  uplinks: readonly Link[],
  facts: Facts,
  asked: boolean,
): readonly PathRequest[] {
  const { container, attached, network } = member;
  const source = addressOf(attached, family);
  const gateway = family === 'ipv4' ? attached.gateway : attached.gateway6;
  const [uplink] = uplinks;
  const own = uplink?.addresses.find((one) => one.family === family && one.scope === 'global');
  const [destination] = uplink === undefined ? [] : outsidersOf(uplink, family, facts);
  if (source === '' || uplink === undefined || own === undefined || destination === undefined) return [];
  if (gateway === '' && !asked) return [];
  const wanted = asked || !network.internal;
  const masqueraded = masquerades(network, family);
  const packet = ask('tcp', source, destination, 443, {
    inInterface: network.bridge,
    inPort: vethOf(member, facts),
  });
  const about = { kind: 'outbound', subjects: [container.name, network.name], wanted, asked } as const;
  const name = `${container.name} → outside${family === 'ipv6' ? ' (IPv6)' : ''}`;
  const back = answer(
    { ...packet, source: masqueraded ? own.address : source },
    { source: destination, port: 443 },
    { inInterface: uplink.name },
  );
  return [
    { ...about, name, packet, goal: { to: 'outside', masqueraded } },
    {
      ...about,
      name: `${name} (reply)`,
      packet: back,
      reply: { destination: source, destinationPort: FROM_PORT },
      goal: { to: 'container', bridge: network.bridge, address: source, port: FROM_PORT },
    },
  ];
}

/** From one container to another: on a network both are on, or from network to network. */
export function betweenPaths(
  from: Member,
  to: Member,
  port: Port,
  facts: Facts,
  asked: boolean,
): readonly PathRequest[] {
  const family: Family = from.attached.ipv4 !== '' && to.attached.ipv4 !== '' ? 'ipv4' : 'ipv6';
  const source = addressOf(from.attached, family);
  const destination = addressOf(to.attached, family);
  if (source === '' || destination === '') return [];
  const isSame = from.network.id === to.network.id;
  const isOpen = isSame && from.network.options['com.docker.network.bridge.enable_icc'] !== 'false';
  const packet = ask(port.proto, source, destination, port.port, {
    inInterface: from.network.bridge,
    inPort: vethOf(from, facts),
  });
  const about = {
    kind: isSame ? 'same-network' : 'other-network',
    subjects: [from.container.name, to.container.name, from.network.name, to.network.name],
    wanted: asked || isOpen,
    asked,
  } as const;
  const name = `${from.container.name} → ${to.container.name}:${String(port.port)}${isSame ? '' : `, ${from.network.name} to ${to.network.name}`}`;
  const back = answer(
    packet,
    { source: destination, port: port.port },
    { inInterface: to.network.bridge, inPort: vethOf(to, facts) },
  );
  const there: Goal = { to: 'container', bridge: to.network.bridge, address: destination, port: port.port };
  const home: Goal = { to: 'container', bridge: from.network.bridge, address: source, port: FROM_PORT };
  return [
    { ...about, name, packet, goal: there },
    ...(isOpen ? [{ ...about, name: `${name} (reply)`, packet: back, goal: home }] : []),
  ];
}

/** From this host to a container's own address, and the reply. */
export function hostPaths(to: Member, port: Port, facts: Facts, asked: boolean): readonly PathRequest[] {
  const family: Family = to.attached.ipv4 === '' ? 'ipv6' : 'ipv4';
  const destination = addressOf(to.attached, family);
  const bridge = facts.terrain.links.find(({ name }) => name === to.network.bridge);
  const source = bridge?.addresses.find((one) => one.family === family && one.scope === 'global')?.address;
  if (destination === '' || source === undefined) return [];
  const packet = ask(port.proto, source, destination, port.port, {});
  const about = {
    kind: 'host',
    subjects: [to.container.name, to.network.name],
    wanted: true,
    asked,
  } as const;
  const name = `host → ${to.container.name}:${String(port.port)}`;
  const back = answer(
    packet,
    { source: destination, port: port.port },
    { inInterface: to.network.bridge, inPort: vethOf(to, facts) },
  );
  return [
    {
      ...about,
      name,
      packet,
      goal: { to: 'container', bridge: to.network.bridge, address: destination, port: port.port },
    },
    { ...about, name: `${name} (reply)`, packet: back, goal: { to: 'host' } },
  ];
}

/** A port of a container to aim at. */
export interface Port {
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
}

/** The port a container is most likely meant by: a published one, else one it listens on, else 80/tcp. */
export function likelyPort(container: ContainerFacts, ports: readonly PublishedPort[]): Port {
  const published = ports.find((one) => one.container === container.name && one.proto === 'tcp');
  if (published !== undefined) return { proto: 'tcp', port: published.port };
  const listeners = (insideOf(container)?.listeners ?? []).filter(({ address }) => !isLoopback(address));
  const listening = listeners.find(({ proto }) => proto === 'tcp') ?? listeners[0];
  return listening ?? { proto: 'tcp', port: 80 };
}
