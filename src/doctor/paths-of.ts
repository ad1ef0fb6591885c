import { FAMILIES } from '../iptables/model.ts';
import type { ContainerFacts, Facts } from './facts.ts';
import type { PublishedPort } from '../docker/inventory.ts';
import { insideOf, membersOf, uplinksOf, type Member } from './lookup.ts';
import {
  betweenPaths,
  isAny,
  portPaths,
  servicePaths,
  hostPaths,
  isLoopback,
  outboundPaths,
  publishedPaths,
  type PathRequest,
  type Port,
} from './path-request.ts';
import type { Asked } from './asked.ts';
import type { Target } from './diagnosis.ts';
import { parseBlock, sameBlock } from '../iptables/address.ts';

/** The paths that belong to what was asked; to a whole host, all that should get through. */
export function pathsOf(asked: Asked, from: string, facts: Facts): readonly PathRequest[] {
  const members = membersOf(facts);
  const uplinks = uplinksOf(facts);
  const { target } = asked;
  const isMeant = (name: string): boolean => target.kind === 'host' || asked.containers.has(name);
  if (from !== '') return pathsFrom(from, asked, members, facts);
  const published = facts.ports
    .filter(({ container, hostPort, proto }) =>
      target.kind === 'port' ? hostPort === target.port && proto === target.proto : isMeant(container),
    )
    .flatMap((port) => publishedPaths(port, members, uplinks, facts));
  const to = members.filter(({ container }) => isMeant(container.name));
  const onHost = to.flatMap((member) =>
    hostPaths(member, likelyPort(member.container, facts.ports), facts, false),
  );
  if (target.kind === 'port') return [...published.filter(isTo(target)), ...onHost];
  const outbound = to.flatMap((member) =>
    FAMILIES.flatMap((family) => outboundPaths(member, family, uplinks, facts, false)),
  );
  return [...published, ...outbound, ...onHost, ...neighbourly(to, members, facts)];
}

/** Whether a path is to the address that was asked about; any where none was named. */
const isTo =
  (target: Target) =>
  ({ packet }: PathRequest): boolean =>
    target.kind !== 'port' ||
    parseBlock(target.address) === undefined ||
    isAny(target.address) ||
    sameBlock(target.address, packet.destination);

/** One neighbour of each network asks. */
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

/** The one path that was asked for by both its ends. */
function pathsFrom(
  from: string,
  asked: Asked,
  members: readonly Member[],
  facts: Facts,
): readonly PathRequest[] {
  const uplinks = uplinksOf(facts);
  const to = members.filter(({ container }) => asked.containers.has(container.name));
  if (from === 'outside')
    return facts.ports
      .filter(
        ({ container, hostPort }) =>
          asked.containers.has(container) && (asked.target.kind !== 'port' || hostPort === asked.target.port),
      )
      .flatMap((port) => publishedPaths(port, members, uplinks, facts))
      .filter(isTo(asked.target));
  if (from === 'host')
    return to.flatMap((member) => hostPaths(member, likelyPort(member.container, facts.ports), facts, true));
  const asking = members.filter(({ container }) => container.name === from);
  const { target } = asked;
  if (target.kind === 'port' && asked.containers.size === 0)
    return asking.flatMap((one) => servicePaths(one, target, facts));
  if (target.kind === 'port') return asking.flatMap((one) => portPaths(one, target, to, facts));
  const meeting = asking.flatMap((one) =>
    to.flatMap((other) => (other.network.id === one.network.id ? [[one, other] as const] : [])),
  );
  const [first] = asking;
  const [last] = to;
  const pairs =
    meeting.length > 0 ? meeting : first === undefined || last === undefined ? [] : [[first, last] as const];
  return pairs.flatMap(([one, other]) =>
    betweenPaths(one, other, likelyPort(other.container, facts.ports), facts, true),
  );
}

/** The port a container is most likely meant by: a published one, else one it listens on, else 80/tcp. */
export function likelyPort(container: ContainerFacts, ports: readonly PublishedPort[]): Port {
  const published = ports.find((one) => one.container === container.name && one.proto === 'tcp');
  if (published !== undefined) return { proto: 'tcp', port: published.port };
  const listeners = (insideOf(container)?.listeners ?? []).filter(({ address }) => !isLoopback(address));
  return listeners.find(({ proto }) => proto === 'tcp') ?? listeners[0] ?? { proto: 'tcp', port: 80 };
}
