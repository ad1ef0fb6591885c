import type { SocketProtocol } from '../../net/protocol.ts';
import { getsAnswers, masquerades } from './answers.ts';
import { familyOf, type Family } from '../../net/family.ts';
import type { Goal } from '../../reach/goal.ts';
import { outsiderName, outsidersOf } from '../../reach/outsiders.ts';
import { FROM_PORT, packetTo } from '../../reach/question.ts';
import type { Packet } from '../../trace/packet.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import type { NamedPath } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import { addressOf, gatewayOf, isBare, vethOf, type Member } from '../lookup.ts';

/** A path to be traced, and what should become of its packet. */
export interface PathRequest extends Pick<NamedPath, 'name' | 'kind' | 'subjects' | 'shouldPass'> {
  readonly packet: Packet;
  readonly goal: Goal;
  /** The host may be closed to its own containers: what its own firewall stops of it is told, what any other rule stops is not judged. */
  readonly mayBeClosed?: true;
  /** What docker-proxy asks for somebody else: nobody asked whether this host itself gets there. */
  readonly byProxy?: true;
  /** Where the answer comes in, and where it should end; absent where none is followed. */
  readonly answer?: { readonly inInterface: string; readonly inPort: string; readonly goal: Goal };
}

/** A port to aim at. */
export interface Port {
  readonly proto: SocketProtocol;
  readonly port: number;
}

/** Where a container's packets come in. */
export const doorOf = (
  member: Member,
  facts: Facts,
): { readonly inInterface: string; readonly inPort: string } => ({
  inInterface: member.network.bridge,
  inPort: vethOf(member, facts)?.name ?? '',
});

/** A container's address and port as a goal. */
export const atContainer = (
  { network, attached }: Member,
  family: Family,
  port: number,
): Extract<Goal, { readonly to: 'container' }> => ({
  to: 'container',
  bridge: network.bridge,
  address: addressOf(attached, family),
  port,
});

/** Outside, for what a container asks. */
export const outsideOf = (
  { network }: Member,
  family: Family,
  facts: Facts,
): Extract<Goal, { readonly to: 'outside' }> => ({
  to: 'outside',
  masqueraded: masquerades(network, family, facts),
  from: network.bridge,
});

/**
 * From a container to the outside, and the answer.
 *
 * @param requested - also where the Engine gave it no gateway
 */
export function outboundPaths(
  member: Member,
  family: Family,
  uplinks: readonly NetworkLink[],
  facts: Facts,
  requested: boolean,
): readonly PathRequest[] {
  const { container, attached, network } = member;
  const source = addressOf(attached, family);
  const [uplink] = uplinks;
  if (source === '' || uplink === undefined) return [];
  if (gatewayOf(attached, family) === '' && !requested) return [];
  return outsidersOf(uplink, family, facts).map((destination): PathRequest => ({
    name: `${container.name} → ${outsiderName(destination)}${family === 'ipv6' ? ' by IPv6' : ''}`,
    kind: 'outbound',
    subjects: [container.name, network.name],
    shouldPass: requested || getsAnswers({ network, family, by: uplink.name }, facts),
    packet: packetTo('tcp', [source, destination, 443], doorOf(member, facts)),
    goal: outsideOf(member, family, facts),
    answer: { inInterface: uplink.name, inPort: '', goal: atContainer(member, family, FROM_PORT) },
  }));
}

/** From one container to another: on a network both are on, or from network to network. */
export function betweenPaths(
  from: Member,
  to: Member,
  { proto, port }: Port,
  facts: Facts,
  requested: boolean,
): readonly PathRequest[] {
  const family: Family = from.attached.ipv4 !== '' && to.attached.ipv4 !== '' ? 'ipv4' : 'ipv6';
  const source = addressOf(from.attached, family);
  const destination = addressOf(to.attached, family);
  if (source === '' || destination === '') return [];
  const isSame = from.network.id === to.network.id;
  const isOpen = isSame && from.network.icc;
  const networks = isSame ? '' : `, ${from.network.name} to ${to.network.name}`;
  return [
    {
      name: `${from.container.name} → ${to.container.name}:${String(port)}${networks}`,
      kind: isSame ? 'same-network' : 'other-network',
      subjects: [from.container.name, to.container.name, from.network.name, to.network.name],
      shouldPass: requested || isOpen,
      packet: packetTo(proto, [source, destination, port], doorOf(from, facts)),
      goal: atContainer(to, family, port),
      answer: { ...doorOf(to, facts), goal: atContainer(from, family, FROM_PORT) },
    },
  ];
}

/**
 * From this host to a container's own address, and the answer.
 *
 * @param requested - also where the host has no address on the network, by design
 */
export function hostPaths(
  to: Member,
  { proto, port }: Port,
  facts: Facts,
  requested: boolean,
): readonly PathRequest[] {
  const family: Family = to.attached.ipv4 === '' ? 'ipv6' : 'ipv4';
  const destination = addressOf(to.attached, family);
  if (destination === '') return [];
  return [
    {
      name: `host → ${to.container.name}:${String(port)}`,
      kind: 'host',
      subjects: [to.container.name, to.network.name],
      shouldPass: requested || !isBare(to.network, family),
      packet: packetTo(proto, ['', destination, port], {}),
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
      shouldPass: true,
      packet: packetTo(proto, [source, destination, port], doorOf(from, facts)),
      goal: { to: 'host' },
      answer: { inInterface: '', inPort: '', goal: atContainer(from, family, FROM_PORT) },
    },
  ];
}
