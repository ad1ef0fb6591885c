import { FAMILIES } from '../../net/family.ts';
import type { ContainerFacts, Facts } from '../facts/facts.ts';
import type { PublishedPort } from '../../docker/inventory/inventory.ts';
import { insideOf, membersOf, uplinksOf, type Member } from '../lookup.ts';
import {
  betweenPaths,
  servicePaths,
  hostPaths,
  outboundPaths,
  publishedPaths,
  type PathRequest,
  type Port,
} from './request.ts';
import { ownAddressPaths, portPaths } from './own-address.ts';
import type { ResolvedTarget } from '../target/resolved.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import type { DoctorTarget } from '../diagnosis.ts';
import { isAny, isLoopback, parseBlock, sameBlock } from '../../net/address.ts';

/** The paths of the target; of a whole host, all that should get through. */
export function pathsOf(resolved: ResolvedTarget, from: string, facts: Facts): readonly PathRequest[] {
  const members = membersOf(facts);
  const uplinks = uplinksOf(facts);
  const { target } = resolved;
  const isConcerned = (name: string): boolean => target.kind === 'host' || resolved.containers.has(name);
  if (from !== '') return pathsFrom(from, resolved, members, facts);
  const published = facts.ports
    .filter(({ container, hostPort, proto }) =>
      target.kind === 'port' ? hostPort === target.port && proto === target.proto : isConcerned(container),
    )
    .flatMap((port) => [
      ...publishedPaths(port, members, waysIn(target, uplinks, facts), facts),
      ...ownAddressPaths(port, members, uplinks, facts),
    ]);
  const to = members.filter(({ container }) => isConcerned(container.name));
  const onHost = to.flatMap((member) =>
    hostPaths(member, likelyPort(member.container, facts.ports), facts, false),
  );
  if (target.kind === 'port') return [...published.filter(isTo(target)), ...onHost];
  const outbound = to.flatMap((member) =>
    FAMILIES.flatMap((family) => outboundPaths(member, family, uplinks, facts, false)),
  );
  return [...published, ...outbound, ...onHost, ...neighbourly(to, members, facts)];
}

/** Interfaces by which it is asked: the uplinks, and the one that has the very address that was named. */
const waysIn = (
  target: DoctorTarget,
  uplinks: readonly NetworkLink[],
  { netState, networks }: Facts,
): readonly NetworkLink[] => {
  const named = netState.links.filter(
    ({ name, addresses }) =>
      name !== 'lo' &&
      target.kind === 'port' &&
      !networks.some(({ bridge }) => bridge === name) &&
      !uplinks.some((uplink) => uplink.name === name) &&
      addresses.some(({ address, scope }) => scope === 'global' && sameBlock(address, target.address)),
  );
  return [...uplinks, ...named];
};

/** Whether a path leads to the target's address; every path does where it names none. */
const isTo =
  (target: DoctorTarget) =>
  ({ packet }: PathRequest): boolean =>
    target.kind !== 'port' ||
    parseBlock(target.address) === undefined ||
    isAny(target.address) ||
    sameBlock(target.address, packet.destination);

/** From one neighbour on each network. */
function neighbourly(
  to: readonly Member[],
  members: readonly Member[],
  facts: Facts,
): readonly PathRequest[] {
  return to.flatMap((member) => {
    const neighbour = members.find(
      ({ network, container }) => network.id === member.network.id && container.id !== member.container.id,
    );
    if (neighbour === undefined) return [];
    return betweenPaths(neighbour, member, likelyPort(member.container, facts.ports), facts, false);
  });
}

/** The paths of which both ends were named. */
function pathsFrom(
  from: string,
  resolved: ResolvedTarget,
  members: readonly Member[],
  facts: Facts,
): readonly PathRequest[] {
  const uplinks = uplinksOf(facts);
  const to = members.filter(({ container }) => resolved.containers.has(container.name));
  if (from === 'outside')
    return facts.ports
      .filter(
        ({ container, hostPort }) =>
          resolved.containers.has(container) &&
          (resolved.target.kind !== 'port' || hostPort === resolved.target.port),
      )
      .flatMap((port) => publishedPaths(port, members, waysIn(resolved.target, uplinks, facts), facts))
      .filter(isTo(resolved.target));
  if (from === 'host')
    return to.flatMap((member) => hostPaths(member, likelyPort(member.container, facts.ports), facts, true));
  const senders = members.filter(({ container }) => container.name === from);
  const { target } = resolved;
  if (target.kind === 'port' && resolved.containers.size === 0)
    return senders.flatMap((one) => servicePaths(one, target, facts));
  if (target.kind === 'port') return senders.flatMap((one) => portPaths(one, target, to, facts));
  const meeting = senders.flatMap((one) =>
    to.flatMap((other) => (other.network.id === one.network.id ? [[one, other] as const] : [])),
  );
  const [first] = senders;
  const [last] = to;
  const pairs =
    meeting.length > 0 ? meeting : first === undefined || last === undefined ? [] : [[first, last] as const];
  return pairs.flatMap(([one, other]) =>
    betweenPaths(one, other, likelyPort(other.container, facts.ports), facts, true),
  );
}

/** The port that most likely matters of a container: a published one, else one it listens on, else 80/tcp. */
export function likelyPort(container: ContainerFacts, ports: readonly PublishedPort[]): Port {
  const published = ports.find((one) => one.container === container.name && one.proto === 'tcp');
  if (published !== undefined) return { proto: 'tcp', port: published.port };
  const listeners = (insideOf(container)?.listeners ?? []).filter(({ address }) => !isLoopback(address));
  return listeners.find(({ proto }) => proto === 'tcp') ?? listeners[0] ?? { proto: 'tcp', port: 80 };
}
