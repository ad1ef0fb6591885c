import { blockOf, hostPort } from '../../net/address.ts';
import { familyOf } from '../../net/family.ts';
import { inBlock } from '../../trace/routing/addresses.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import { FROM_PORT, packetTo } from '../../reach/question.ts';
import { hasRoute } from '../../reach/spots.ts';
import type { PublishedPort } from '../../docker/inventory/inventory.ts';
import type { DoctorTarget } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import {
  addressOf,
  gatewayOf,
  insideOf,
  isOwnAddress,
  linkInside,
  linkOf,
  membersOf,
  uplinksOf,
  type Member,
} from '../lookup.ts';
import { exitFor } from '../../trace/routing/route.ts';
import type { ResolvedTarget } from '../target/resolved.ts';
import type { Sender } from '../target/sender.ts';
import { isTo, likelyPort, waysIn } from './aims.ts';
import { directPaths, hostServicePaths, publishedPaths } from './from-outside.ts';
import { ownAddressPaths, portPaths } from './own-address.ts';
import { holding } from './routes.ts';
import {
  atContainer,
  betweenPaths,
  doorOf,
  hostPaths,
  outsideOf,
  servicePaths,
  type PathRequest,
} from './request.ts';

export type AddressTarget = Extract<DoctorTarget, { readonly kind: 'address' }>;

/** The paths of which both ends were named. */
export function pathsFrom(
  sender: Exclude<Sender, { readonly is: 'anybody' }>,
  resolved: ResolvedTarget,
  facts: Facts,
): readonly PathRequest[] {
  switch (sender.is) {
    case 'outside':
      return fromOutside(sender, resolved, facts);
    case 'host':
      return fromHost(resolved, facts);
    case 'containers':
      return sender.names.slice(0, MOST).flatMap((name) => fromContainer(name, resolved, facts));
  }
}

/** From containers, or this host, to an address elsewhere, and the answers. */
export function outwardPaths(
  sender: Extract<Sender, { readonly is: 'containers' | 'host' }>,
  target: AddressTarget,
  facts: Facts,
): readonly PathRequest[] {
  if (sender.is === 'host') return outwardsFromHost(target, facts);
  const members = membersOf(facts);
  return sender.names.slice(0, MOST).flatMap((name) =>
    outwardsFrom(
      members.filter(({ container }) => container.name === name),
      target,
      facts,
    ),
  );
}

/** So many containers of a service or network ask: the others are like them. */
const MOST = 3;

const askedOf = ({ target, containers }: ResolvedTarget, { ports }: Facts): readonly PublishedPort[] =>
  ports.filter(
    (one) =>
      containers.has(one.container) &&
      (target.kind !== 'port' || (one.hostPort === target.port && one.proto === target.proto)),
  );

function fromOutside(
  sender: Extract<Sender, { readonly is: 'outside' }>,
  resolved: ResolvedTarget,
  facts: Facts,
): readonly PathRequest[] {
  const { target, containers } = resolved;
  if (target.kind === 'address') return [];
  const links = doorsOf(sender, target, facts);
  const members = membersOf(facts);
  // Somebody by one certain way may ask for any address of this host's, not only for that of the way's interface.
  const at =
    sender.address !== '' && target.kind === 'port' && isOwnAddress(facts.netState, target.address)
      ? target.address
      : undefined;
  const door = {
    ...(sender.address !== '' && { sources: [sender.address] }),
    ...(at !== undefined && { at }),
  };
  const asked = askedOf(resolved, facts);
  const published = asked.flatMap((port) => publishedPaths(port, members, links, facts, door));
  if (target.kind === 'port') {
    const service = containers.size > 0 ? [] : hostServicePaths(target, links, facts, door);
    return [...published, ...service].filter(isTo(target));
  }
  if (asked.some((one) => one.hostPort !== undefined)) return published;
  return members
    .filter(({ container }) => containers.has(container.name))
    .flatMap((member) => directPaths(member, likelyPort(member.container, facts.ports), links, facts, door));
}

/** The interfaces by which somebody outside comes in: the named one, the one that leads to the named address, else every way in. */
function doorsOf(
  { interface: named, address }: Extract<Sender, { readonly is: 'outside' }>,
  target: DoctorTarget,
  facts: Facts,
): readonly NetworkLink[] {
  const { netState } = facts;
  const name = named === '' && address !== '' ? exitFor(netState, address) : named;
  // Whom no route leads to may come in by any way, and is not answered.
  if (name === '' && (address === '' || !hasRoute(netState, familyOf(address), address)))
    return waysIn(target, uplinksOf(facts), facts);
  const link = linkOf(netState, name);
  return link === undefined ? [] : [link];
}

function fromHost(resolved: ResolvedTarget, facts: Facts): readonly PathRequest[] {
  const { target, containers } = resolved;
  const members = membersOf(facts);
  if (target.kind === 'address') return outwardsFromHost(target, facts);
  if (target.kind === 'port')
    return askedOf(resolved, facts)
      .flatMap((port) => ownAddressPaths(port, target, members, facts))
      .filter(({ packet }) => packet.source === '')
      .filter(isTo(target))
      .map(({ mayBeClosed: _, ...request }) => request);
  return members
    .filter(({ container }) => containers.has(container.name))
    .flatMap((member) => hostPaths(member, likelyPort(member.container, facts.ports), facts, true));
}

function outwardsFromHost({ address, port, proto }: AddressTarget, facts: Facts): readonly PathRequest[] {
  return [
    {
      name: `host → ${hostPort(address, port)}/${proto}`,
      kind: 'host',
      subjects: ['this host'],
      shouldPass: true,
      packet: packetTo(proto, ['', address, port], {}),
      goal: { to: 'outside', masqueraded: false },
      answer: { inInterface: exitFor(facts.netState, address), inPort: '', goal: { to: 'host' } },
    },
  ];
}

function fromContainer(name: string, resolved: ResolvedTarget, facts: Facts): readonly PathRequest[] {
  const members = membersOf(facts);
  const senders = members.filter(({ container }) => container.name === name);
  const to = members.filter(({ container }) => resolved.containers.has(container.name));
  const { target } = resolved;
  if (target.kind === 'address') return outwardsFrom(senders, target, facts);
  if (target.kind === 'port')
    return ledBy(senders, target.address).flatMap((one) =>
      resolved.containers.size === 0 ? servicePaths(one, target, facts) : portPaths(one, target, to, facts),
    );
  const others = to.filter(({ container }) => container.name !== name);
  const meeting = senders.flatMap((one) =>
    others.flatMap((other) => (other.network.id === one.network.id ? [[one, other] as const] : [])),
  );
  const [first] = senders;
  const [last] = others;
  const pairs =
    meeting.length > 0 ? meeting : first === undefined || last === undefined ? [] : [[first, last] as const];
  return pairs.flatMap(([one, other]) =>
    betweenPaths(one, other, likelyPort(other.container, facts.ports), facts, true),
  );
}

/** Of a container's places the one that its own routes lead to an address by; all where that is not known, or no address is given. */
function ledBy(senders: readonly Member[], address: string): readonly Member[] {
  const [first] = senders;
  const inside = first && insideOf(first.container);
  const [route] = inside === undefined ? [] : holding(address, inside);
  const led = senders.filter((one) => route !== undefined && linkInside(one)?.name === route.dev);
  return led.length === 0 ? senders : led;
}

/** The only one; undefined where there are more, or none. */
const only = (members: readonly Member[]): Member | undefined =>
  members.length === 1 ? members[0] : undefined;

/** From a container to an address elsewhere, by the network that leads there: one it is on, else the one of its gateway. */
function outwardsFrom(
  senders: readonly Member[],
  { address, port, proto }: AddressTarget,
  facts: Facts,
): readonly PathRequest[] {
  const family = familyOf(address);
  const able = senders.filter(({ attached }) => addressOf(attached, family) !== '');
  const from =
    only(ledBy(able, address)) ??
    able.find(({ network }) =>
      network.subnets.some((subnet) => inBlock(address, blockOf(subnet)) === true),
    ) ??
    able.toSorted(byPriority).find(({ attached }) => gatewayOf(attached, family) !== '') ??
    able[0];
  if (from === undefined) return [];
  const { container, attached, network } = from;
  const source = addressOf(attached, family);
  return [
    {
      name: `${container.name} → ${hostPort(address, port)}/${proto}`,
      kind: 'outbound',
      subjects: [container.name, network.name],
      shouldPass: true,
      packet: packetTo(proto, [source, address, port], doorOf(from, facts)),
      goal: outsideOf(from, family, facts),
      answer: {
        inInterface: exitFor(facts.netState, address),
        inPort: '',
        goal: atContainer(from, family, FROM_PORT),
      },
    },
  ];
}

const byPriority = (a: Member, b: Member): number => (b.attached.priority ?? 0) - (a.attached.priority ?? 0);
