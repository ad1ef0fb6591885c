import type { Goal } from '../../reach/goal.ts';
import { FROM_PORT, packetTo } from '../../reach/question.ts';
import { addressIn, type PublishedPort } from '../../docker/inventory/inventory.ts';
import { hostPort as hostAndPort, isAny, parseBlock, sameBlock } from '../../net/address.ts';
import { familyOf } from '../../net/family.ts';
import type { LinkAddress } from '../../trace/network-state.ts';
import type { Packet } from '../../trace/packet.ts';
import type { DoctorTarget } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import { addressOf, uplinksOf, type Member } from '../lookup.ts';
import { atContainer, doorOf, hostPaths, servicePaths, type PathRequest, type Port } from './request.ts';

/**
 * To a published port by an address of this host, from the host itself and from a neighbour of the container; and the answers. By one
 * address of each uplink: what routes by addresses may lead the answers of one away, and not those of another.
 *
 * @param target - may name the very address
 */
export function ownAddressPaths(
  published: PublishedPort,
  target: DoctorTarget,
  members: readonly Member[],
  facts: Facts,
): readonly PathRequest[] {
  const { hostIp, hostPort } = published;
  const family = familyOf(hostIp);
  const isMeant = ({ address, ...one }: LinkAddress): boolean =>
    one.family === family && one.scope === 'global' && (isAny(hostIp) || sameBlock(address, hostIp));
  const named = target.kind === 'port' && !isAny(target.address) ? target.address : '';
  const own =
    parseBlock(named) === undefined
      ? uplinksOf(facts).flatMap(({ addresses }) => addresses.find(isMeant) ?? [])
      : facts.netState.links
          .flatMap(({ addresses }) => addresses.filter(isMeant))
          .filter(({ address }) => sameBlock(address, named));
  if (hostPort === undefined) return [];
  const addresses = new Set(own.map(({ address }) => address));
  return [...addresses].flatMap((address) => byAddress(address, published, members, facts));
}

function byAddress(
  own: string,
  { hostPort = 0, endpoint, proto, container, port }: PublishedPort,
  members: readonly Member[],
  facts: Facts,
): readonly PathRequest[] {
  const family = familyOf(own);
  const to = members.find(
    ({ attached, network }) =>
      network.bridge === endpoint?.bridge &&
      addressOf(attached, family) === addressIn(endpoint, family) &&
      addressOf(attached, family) !== '',
  );
  if (to === undefined) return [];
  const neighbour = members.find(
    ({ network, container: other, attached }) =>
      network.id === to.network.id && other.id !== to.container.id && addressOf(attached, family) !== '',
  );
  const orProxy = facts.proxies.some(
    (one) => one.hostPort === hostPort && one.proto === proto && familyOf(one.hostIp || '0.0.0.0') === family,
  );
  // A proxy that is gone is told of by itself.
  const isServed = orProxy || (facts.engine.answered && facts.engine.userlandProxy === false);
  const request = (from: string, source: string, door: Partial<Packet>, answers: Goal): PathRequest => ({
    name: `${from} → ${hostAndPort(own, hostPort)}/${proto} → ${container}:${String(port)}`,
    kind: 'host',
    subjects: [container, to.network.name],
    shouldPass: true,
    mayBeClosed: true,
    packet: packetTo(proto, [source, own, hostPort], door),
    goal: { ...atContainer(to, family, port), orProxy },
    answer: { ...doorOf(to, facts), goal: answers },
  });
  return [
    request('host', '', {}, { to: 'host' }),
    ...(neighbour === undefined || !isServed
      ? []
      : [
          request(
            neighbour.container.name,
            addressOf(neighbour.attached, family),
            doorOf(neighbour, facts),
            atContainer(neighbour, family, FROM_PORT),
          ),
        ]),
  ];
}

/**
 * From a container to a published port, by an address of this host. Translations leave out Docker's own bridges where
 * docker-proxy serves them instead (docs/reference/docker-iptables.md#published-ports): then the packet ends at this
 * host.
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
  const isTranslated = member !== undefined && port !== undefined && !isServed;
  const asked = servicePaths(from, target, facts).map((request): PathRequest => {
    const { packet, answer } = request;
    const back = answer && { ...answer, ...(isTranslated && doorOf(member, facts)) };
    return {
      ...request,
      name: `${from.container.name} → host:${String(target.port)} → ${member?.container.name ?? ''}`,
      subjects: [from.container.name, member?.container.name ?? '', from.network.name],
      goal: isTranslated ? atContainer(member, packet.family, port.port) : { to: 'host' },
      ...(back && { answer: back }),
    };
  });
  const neighbour = to.find(({ network }) => network.id === from.network.id);
  if (!isServed || port === undefined || neighbour === undefined) return asked;
  const onwards = hostPaths(neighbour, { port: port.port, proto: target.proto }, facts, true);
  return [
    ...asked,
    ...onwards.map((request): PathRequest => ({
      ...request,
      name: `docker-proxy → ${neighbour.container.name}:${String(port.port)}`,
      byProxy: true,
    })),
  ];
}
