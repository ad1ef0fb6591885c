import { isAny, isLoopback, sameBlock } from '../../net/address.ts';
import { FAMILIES, familyOf, type Family } from '../../net/family.ts';
import { FROM_PORT, packetTo } from '../../reach/question.ts';
import { hasRoute } from '../../reach/spots.ts';
import { exitFor } from '../../trace/routing/route.ts';
import type { Facts, ListeningSocket } from '../facts/facts.ts';
import { addressOf, gatewayOf, insideOf, isOwnAddress, type Member } from '../lookup.ts';
import { getsAnswers } from './answers.ts';
import { atContainer, doorOf, outsideOf, servicePaths, type PathRequest } from './request.ts';

/** Docker's own name server, inside a container: it asks the host's in its place, from the container's namespace. */
const EMBEDDED = '127.0.0.11';
/** So many of this host's own ports are asked by one container of each network. */
const MOST = 4;

/** From containers to their name servers, and the answers. Those of internal networks ask nobody outside. */
export function nameServerPaths(to: readonly Member[], facts: Facts): readonly PathRequest[] {
  return to.flatMap((member) =>
    member.network.internal
      ? []
      : resolversOf(member, facts).flatMap((address) => nameServerPath(member, address, facts)),
  );
}

/** Addresses of the name servers that a container asks. */
function resolversOf({ container }: Member, { nameServers = [] }: Facts): readonly string[] {
  const resolvers = insideOf(container)?.resolvers ?? [];
  const asked = resolvers.flatMap((one) => (one === EMBEDDED ? nameServers : [one]));
  return [...new Set(asked)].filter((one) => !isLoopback(one));
}

function nameServerPath(from: Member, address: string, facts: Facts): readonly PathRequest[] {
  const { container, attached, network } = from;
  const family = familyOf(address);
  const source = addressOf(attached, family);
  const isContainers = facts.containers.some(({ attachments }) =>
    attachments.some((one) => addressOf(one, family) !== '' && sameBlock(addressOf(one, family), address)),
  );
  const isHere = isOwnAddress(facts.netState, address);
  // A host without a default route is told so itself.
  const isReached = isHere || hasRoute(facts.netState, family, address);
  const way = exitFor(facts.netState, address);
  if (source === '' || isContainers || !isReached || gatewayOf(attached, family) === '') return [];
  return [
    {
      name: `${container.name} → its name server ${address}`,
      kind: isHere ? 'host' : 'outbound',
      subjects: [container.name, network.name],
      shouldPass: isHere || getsAnswers({ network, family, by: way }, facts),
      packet: packetTo('udp', [source, address, 53], doorOf(from, facts)),
      goal: isHere ? { to: 'host' } : outsideOf(from, family, facts),
      answer: {
        inInterface: isHere ? '' : way,
        inPort: '',
        goal: atContainer(from, family, FROM_PORT),
      },
    },
  ];
}

/**
 * From one container of each network to programs of this host, by its address on the network's bridge. The host may be closed to its
 * own containers.
 */
export function hostPortPaths(members: readonly Member[], facts: Facts): readonly PathRequest[] {
  const firsts = new Map(members.toReversed().map((member) => [member.network.id, member]));
  return [...firsts.values()]
    .filter(({ network }) => !network.internal)
    .flatMap((member) =>
      FAMILIES.flatMap((family) => {
        const address = gatewayOf(member.attached, family);
        if (!isOwnAddress(facts.netState, address)) return [];
        return ownListeners(family, facts).flatMap(({ port, proto }) =>
          servicePaths(member, { address, port, proto }, facts).map((request): PathRequest => ({
            ...request,
            mayBeClosed: true,
          })),
        );
      }),
    );
}

/** What listens on every address of this host for a family, without docker-proxy's. */
const ownListeners = (family: Family, { listeners, proxies, ports }: Facts): readonly ListeningSocket[] =>
  listeners
    .filter(
      ({ address, port, proto }) =>
        isAny(address) &&
        (familyOf(address) === family || address === '::') &&
        ![...proxies, ...ports].some((one) => one.hostPort === port && one.proto === proto),
    )
    .toSorted((a, b) => a.port - b.port)
    .filter(
      (one, at, all) => all.findIndex(({ port, proto }) => port === one.port && proto === one.proto) === at,
    )
    .slice(0, MOST);
