import { FAMILIES } from '../../net/family.ts';
import type { Facts } from '../facts/facts.ts';
import { membersOf, uplinksOf, type Member } from '../lookup.ts';
import { betweenPaths, hostPaths, outboundPaths, type PathRequest } from './request.ts';
import { isTo, likelyPort, waysIn } from './aims.ts';
import { pathsFrom } from './asked.ts';
import { publishedPaths } from './from-outside.ts';
import { ownAddressPaths } from './own-address.ts';
import { hostPortPaths, nameServerPaths } from './to-host.ts';
import type { ResolvedTarget } from '../target/resolved.ts';
import type { Sender } from '../target/sender.ts';

/** The paths of the target; of a whole host, all that should get through. */
export function pathsOf(resolved: ResolvedTarget, sender: Sender, facts: Facts): readonly PathRequest[] {
  const members = membersOf(facts);
  const uplinks = uplinksOf(facts);
  const { target } = resolved;
  const isConcerned = (name: string): boolean => target.kind === 'host' || resolved.containers.has(name);
  if (sender.is !== 'anybody') return pathsFrom(sender, resolved, facts);
  const published = facts.ports
    .filter(({ container, hostPort, proto }) =>
      target.kind === 'port' ? hostPort === target.port && proto === target.proto : isConcerned(container),
    )
    .flatMap((port) => [
      ...publishedPaths(port, members, waysIn(target, uplinks, facts), facts),
      ...ownAddressPaths(port, target, members, facts),
    ]);
  const to = members.filter(({ container }) => isConcerned(container.name));
  const onHost = to.flatMap((member) =>
    hostPaths(member, likelyPort(member.container, facts.ports), facts, false),
  );
  if (target.kind === 'port') return [...published.filter(isTo(target)), ...onHost];
  const outbound = to.flatMap((member) =>
    FAMILIES.flatMap((family) => outboundPaths(member, family, uplinks, facts, false)),
  );
  return [
    ...published,
    ...outbound,
    ...nameServerPaths(to, facts),
    ...onHost,
    ...neighbourly(to, members, facts),
    ...(target.kind === 'host' ? hostPortPaths(members, facts) : []),
  ];
}

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
