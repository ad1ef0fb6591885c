import type { PublishedPort } from '../../docker/inventory/inventory.ts';
import { bracketed, isAny, isLoopback, sameBlock } from '../../net/address.ts';
import { FAMILIES, familyOf, type Family } from '../../net/family.ts';
import { outsiderName, outsidersOf } from '../../reach/outsiders.ts';
import { packetTo } from '../../reach/question.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import type { Facts } from '../facts/facts.ts';
import { addressOf, type Member } from '../lookup.ts';
import { isWritten } from './answers.ts';
import { atContainer, doorOf, type PathRequest, type Port } from './request.ts';

/** Who asks from outside, and what, where that was said. */
export interface NamedOutsider {
  /** Addresses of those who ask; somebody by every way in, where none are named. */
  readonly sources?: readonly string[];
  /** The address of this host that is asked; that of the interface packets come in by, where none is named. */
  readonly at?: string;
}

/** The address by which packets that come in by an interface ask this host, where it is bound to `hostIp`. */
function ownAddressOf(
  uplink: NetworkLink,
  family: Family,
  hostIp: string,
  { at }: NamedOutsider,
): string | undefined {
  if (at !== undefined)
    return familyOf(at) === family && (isAny(hostIp) || sameBlock(hostIp, at)) ? at : undefined;
  return uplink.addresses.find(
    (one) =>
      one.family === family && one.scope === 'global' && (isAny(hostIp) || sameBlock(one.address, hostIp)),
  )?.address;
}

const sourcesOf = (
  uplink: NetworkLink,
  family: Family,
  facts: Facts,
  { sources }: NamedOutsider,
): readonly string[] =>
  sources?.filter((source) => familyOf(source) === family) ?? outsidersOf(uplink, family, facts);

/** From outside to a published port, by every way in; and the answers. */
export function publishedPaths(
  port: PublishedPort,
  members: readonly Member[],
  uplinks: readonly NetworkLink[],
  facts: Facts,
  asker: NamedOutsider = {},
): readonly PathRequest[] {
  const { hostIp, hostPort, endpoint, proto, container } = port;
  const family = familyOf(hostIp);
  const place = endpoint ?? port.proxied;
  const member = members.find(
    ({ attached, network }) =>
      network.bridge === place?.bridge && attached.ipv4 === place.ipv4 && attached.ipv6 === place.ipv6,
  );
  if (hostPort === undefined || isLoopback(hostIp) || member === undefined) return [];
  // What Docker writes nothing for, its docker-proxy alone serves: it takes the question, and asks the container itself.
  const isProxied = addressOf(member.attached, family) === '' && isServed(port, facts);
  if (!isProxied && (addressOf(member.attached, family) === '' || !isWritten(family, facts))) return [];
  return uplinks.flatMap((uplink) => {
    const own = ownAddressOf(uplink, family, hostIp, asker);
    if (own === undefined) return [];
    return sourcesOf(uplink, family, facts, asker).map((source): PathRequest => ({
      name: `${outsiderName(source)} → ${bracketed(own)}:${String(hostPort)}/${proto} → ${container}:${String(port.port)}${isProxied ? ', by docker-proxy' : ''}`,
      kind: 'published',
      subjects: [container, member.network.name],
      shouldPass: true,
      packet: packetTo(proto, [source, own, hostPort], { inInterface: uplink.name }),
      ...(isProxied && { mayBeClosed: true }),
      goal: isProxied ? { to: 'host' } : atContainer(member, family, port.port),
      answer: {
        ...(isProxied ? { inInterface: '', inPort: '' } : doorOf(member, facts)),
        goal: { to: 'outside', masqueraded: false, by: uplink.name },
      },
    }));
  });
}

/** Whether a docker-proxy serves a port at the very address it is published on. */
const isServed = ({ proto, hostIp, hostPort, proxied }: PublishedPort, { proxies }: Facts): boolean =>
  proxied !== undefined &&
  proxies.some((one) => one.proto === proto && one.hostPort === hostPort && sameBlock(one.hostIp, hostIp));

/** From outside to a container's own address, the one that is asked where one is named, by every way in; and the answers. */
export function directPaths(
  to: Member,
  { proto, port }: Port,
  links: readonly NetworkLink[],
  facts: Facts,
  asker: NamedOutsider,
): readonly PathRequest[] {
  const usual: Family = to.attached.ipv4 === '' ? 'ipv6' : 'ipv4';
  const family = asker.at === undefined ? usual : familyOf(asker.at);
  const destination = addressOf(to.attached, family);
  return links.flatMap((link) =>
    sourcesOf(link, family, facts, asker).map((source): PathRequest => ({
      name: `${outsiderName(source)} → ${to.container.name}:${String(port)}, by its own address`,
      kind: 'published',
      subjects: [to.container.name, to.network.name],
      shouldPass: true,
      packet: packetTo(proto, [source, destination, port], { inInterface: link.name }),
      goal: atContainer(to, family, port),
      answer: { ...doorOf(to, facts), goal: { to: 'outside', masqueraded: false, by: link.name } },
    })),
  );
}

/** From outside to a program of this host, and the answer. */
export function hostServicePaths(
  { port, proto }: Port,
  links: readonly NetworkLink[],
  facts: Facts,
  asker: NamedOutsider,
): readonly PathRequest[] {
  return links.flatMap((link) =>
    FAMILIES.flatMap((family) => {
      const own = ownAddressOf(link, family, family === 'ipv4' ? '0.0.0.0' : '::', asker);
      if (own === undefined) return [];
      return sourcesOf(link, family, facts, asker).map((source): PathRequest => ({
        name: `${outsiderName(source)} → ${bracketed(own)}:${String(port)}/${proto} of this host`,
        kind: 'host',
        subjects: ['this host'],
        shouldPass: true,
        packet: packetTo(proto, [source, own, port], { inInterface: link.name }),
        goal: { to: 'host' },
        answer: { inInterface: '', inPort: '', goal: { to: 'outside', masqueraded: false, by: link.name } },
      }));
    }),
  );
}
