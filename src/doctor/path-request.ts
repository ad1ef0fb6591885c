import type { LiveNetwork, PublishedPort } from '../docker/inventory.ts';
import type { Family } from '../iptables/model.ts';
import { makePacket, type Packet } from '../trace/packet.ts';
import type { Link } from '../trace/terrain.ts';
import type { NamedPath } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { addressOf, gatewayOf, isBare, vethOf, type Member } from './lookup.ts';
import { outsiderName, outsidersOf } from './outside.ts';

/** A path to be traced, and what should become of its packet. */
export interface PathRequest extends Pick<NamedPath, 'name' | 'kind' | 'subjects' | 'wanted'> {
  readonly packet: Packet;
  readonly goal: Goal;
  /** Where the answer comes in, and where it should end; absent where none is asked for. */
  readonly answer?: { readonly inInterface: string; readonly inPort: string; readonly goal: Goal };
}

/** Where a packet should end. */
export type Goal =
  /** At a container: by its bridge, to its address and port. */
  | { readonly to: 'container'; readonly bridge: string; readonly address: string; readonly port: number }
  /** Outside, wearing an address of this host where the network masquerades. */
  | { readonly to: 'outside'; readonly masqueraded: boolean }
  /** At a program of this host. */
  | { readonly to: 'host' };

/** A port to aim at. */
export interface Port {
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
}

/** Port of the asking side; any would do. */
const FROM_PORT = 40_123;

const spell = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${String(port)}`;

const familyOf = (address: string): Family => (address.includes(':') ? 'ipv6' : 'ipv4');
export const isAny = (address: string): boolean => address === '0.0.0.0' || address === '::';
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

const ask = (
  proto: string,
  [source, destination, port]: readonly [string, string, number],
  from: Partial<Packet>,
): Packet =>
  makePacket({
    family: familyOf(destination),
    source,
    destination,
    protocol: proto,
    sourcePort: FROM_PORT,
    destinationPort: port,
    ...from,
  });

/** Where a container's packets come in. */
const doorOf = (member: Member, facts: Facts): { readonly inInterface: string; readonly inPort: string } => ({
  inInterface: member.network.bridge,
  inPort: vethOf(member, facts)?.name ?? '',
});

const atContainer = ({ network, attached }: Member, family: Family, port: number): Goal => ({
  to: 'container',
  bridge: network.bridge,
  address: addressOf(attached, family),
  port,
});

/** From outside to a published port, by every way in; and the answers. */
export function publishedPaths(
  port: PublishedPort,
  members: readonly Member[],
  uplinks: readonly Link[],
  facts: Facts,
): readonly PathRequest[] {
  const { hostIp, hostPort, endpoint, proto, container } = port;
  const family = familyOf(hostIp);
  const member = members.find(
    ({ attached, network }) =>
      network.bridge === endpoint?.bridge &&
      attached.ipv4 === endpoint.ipv4 &&
      attached.ipv6 === endpoint.ipv6,
  );
  if (hostPort === undefined || isLoopback(hostIp) || member === undefined) return [];
  if (addressOf(member.attached, family) === '') return [];
  return uplinks.flatMap((uplink) => {
    const own = uplink.addresses.find(
      (one) => one.family === family && one.scope === 'global' && (isAny(hostIp) || one.address === hostIp),
    );
    if (own === undefined) return [];
    return outsidersOf(uplink, family, facts).map((source): PathRequest => ({
      name: `${outsiderName(source)} → ${spell(own.address, hostPort)}/${proto} → ${container}:${String(port.port)}`,
      kind: 'published',
      subjects: [container, member.network.name],
      wanted: true,
      packet: ask(proto, [source, own.address, hostPort], { inInterface: uplink.name }),
      goal: atContainer(member, family, port.port),
      answer: { ...doorOf(member, facts), goal: { to: 'outside', masqueraded: false } },
    }));
  });
}

const MASQUERADE = 'com.docker.network.bridge.enable_ip_masquerade';

/** Whether what leaves a network wears the host's address: not by option, and not in gateway modes `routed` and `isolated`. */
function masquerades({ options, internal }: LiveNetwork, family: Family): boolean {
  const mode = options[`com.docker.network.bridge.gateway_mode_${family}`] ?? 'nat';
  return !internal && options[MASQUERADE] !== 'false' && mode.startsWith('nat');
}

/**
 * From a container to the outside, and the answer.
 *
 * @param asked - also where the Engine gave it no gateway
 */
export function outboundPaths(
  member: Member,
  family: Family,
  uplinks: readonly Link[],
  facts: Facts,
  asked: boolean,
): readonly PathRequest[] {
  const { container, attached, network } = member;
  const source = addressOf(attached, family);
  const [uplink] = uplinks;
  if (source === '' || uplink === undefined) return [];
  if (gatewayOf(attached, family) === '' && !asked) return [];
  return outsidersOf(uplink, family, facts).map((destination): PathRequest => ({
    name: `${container.name} → ${outsiderName(destination)}${family === 'ipv6' ? ' by IPv6' : ''}`,
    kind: 'outbound',
    subjects: [container.name, network.name],
    wanted: asked || !network.internal,
    packet: ask('tcp', [source, destination, 443], doorOf(member, facts)),
    goal: { to: 'outside', masqueraded: masquerades(network, family) },
    answer: { inInterface: uplink.name, inPort: '', goal: atContainer(member, family, FROM_PORT) },
  }));
}

/** From one container to another: on a network both are on, or from network to network. */
export function betweenPaths(
  from: Member,
  to: Member,
  { proto, port }: Port,
  facts: Facts,
  asked: boolean,
): readonly PathRequest[] {
  const family: Family = from.attached.ipv4 !== '' && to.attached.ipv4 !== '' ? 'ipv4' : 'ipv6';
  const source = addressOf(from.attached, family);
  const destination = addressOf(to.attached, family);
  if (source === '' || destination === '') return [];
  const isSame = from.network.id === to.network.id;
  const isOpen = isSame && from.network.options['com.docker.network.bridge.enable_icc'] !== 'false';
  const networks = isSame ? '' : `, ${from.network.name} to ${to.network.name}`;
  return [
    {
      name: `${from.container.name} → ${to.container.name}:${String(port)}${networks}`,
      kind: isSame ? 'same-network' : 'other-network',
      subjects: [from.container.name, to.container.name, from.network.name, to.network.name],
      wanted: asked || isOpen,
      packet: ask(proto, [source, destination, port], doorOf(from, facts)),
      goal: atContainer(to, family, port),
      answer: { ...doorOf(to, facts), goal: atContainer(from, family, FROM_PORT) },
    },
  ];
}

/**
 * From this host to a container's own address, and the answer.
 *
 * @param asked - also where the host has no address on the network, by design
 */
export function hostPaths(
  to: Member,
  { proto, port }: Port,
  facts: Facts,
  asked: boolean,
): readonly PathRequest[] {
  const family: Family = to.attached.ipv4 === '' ? 'ipv6' : 'ipv4';
  const destination = addressOf(to.attached, family);
  if (destination === '') return [];
  return [
    {
      name: `host → ${to.container.name}:${String(port)}`,
      kind: 'host',
      subjects: [to.container.name, to.network.name],
      wanted: asked || !isBare(to.network, family),
      packet: ask(proto, ['', destination, port], {}),
      goal: atContainer(to, family, port),
      answer: { ...doorOf(to, facts), goal: { to: 'host' } },
    },
  ];
}

/** From a container to a program of this host, and the answer. */
export function servicePaths(
  from: Member,
  { address, port, proto }: Port & { readonly address: string },
  facts: Facts,
): readonly PathRequest[] {
  const destination = address === '' ? from.attached.gateway : address;
  const family = familyOf(destination);
  const source = addressOf(from.attached, family);
  if (destination === '' || source === '') return [];
  return [
    {
      name: `${from.container.name} → host:${String(port)}`,
      kind: 'host',
      subjects: [from.container.name, from.network.name],
      wanted: true,
      packet: ask(proto, [source, destination, port], doorOf(from, facts)),
      goal: { to: 'host' },
      answer: { inInterface: '', inPort: '', goal: atContainer(from, family, FROM_PORT) },
    },
  ];
}

/**
 * From a container to a published port, by an address of this host. Translations leave out Docker's own bridges where
 * docker-proxy serves them instead (docker-rules §1): then the packet ends at this host.
 */
export function portPaths(
  from: Member,
  target: Port & { readonly address: string },
  to: readonly Member[],
  facts: Facts,
): readonly PathRequest[] {
  const isServed = facts.proxies.some(
    ({ hostPort, proto }) => hostPort === target.port && proto === target.proto,
  );
  const [member] = to;
  const port = facts.ports.find(({ hostPort, proto }) => hostPort === target.port && proto === target.proto);
  return servicePaths(from, target, facts).map(({ answer: _, ...request }) => ({
    ...request,
    name: `${from.container.name} → host:${String(target.port)} → ${member?.container.name ?? ''}`,
    subjects: [from.container.name, member?.container.name ?? '', from.network.name],
    goal:
      member === undefined || port === undefined || isServed
        ? { to: 'host' }
        : atContainer(member, request.packet.family, port.port),
  }));
}
