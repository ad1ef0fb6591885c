import { familyOf, type Family } from '../../net/family.ts';
import type { Container } from './container.ts';
import { isPublished, type ContainerPort } from './container-answer.ts';
import type { Era } from '../era.ts';
import { gatewaysOf } from './gateway.ts';
import type { Endpoint, Link, LiveNetwork, PublishedPort } from './inventory.ts';

const inOrder = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/**
 * The published ports of one container, sorted.
 *
 * An exposed port has no PublicPort and no IP; a port of a routed network has an IP but no PublicPort, and opens on the
 * endpoint of its gateway up to 28, on every routed one from 29 on (recorded on 28.5 and 29.7). `::` is listed for a
 * container without IPv6 too: docker-proxy serves it.
 */
export function portsOf(
  { name, attachments, ports }: Container,
  era: Era | undefined,
): readonly PublishedPort[] {
  if (ports.length === 0) return [];
  const gateways = gatewaysOf(attachments, era?.reading.gatewayChoice ?? 'dual-first');
  const endpointsFor = (family: Family, hostPort: number | undefined): readonly (Endpoint | undefined)[] => {
    const routed =
      hostPort === undefined && era?.reading.routedPorts === 'each'
        ? attachments.filter((one) => one.routed[family]).map(({ endpoint }) => endpoint)
        : [];
    return routed.length > 0 ? routed : [gateways[family]];
  };
  const published = ports.filter(isPublished).flatMap((binding): readonly PublishedPort[] =>
    endpointsFor(familyOf(binding.hostIp), binding.hostPort).map((endpoint) => ({
      container: name,
      ...binding,
      endpoint,
      ...(endpoint === undefined && familyOf(binding.hostIp) === 'ipv6' && { proxied: gateways.ipv4 }),
    })),
  );
  // Two routed networks list one port twice.
  return [...new Map(published.map((one) => [keyOf(one), one])).values()].sort(
    (a, b) =>
      a.port - b.port ||
      inOrder(a.proto, b.proto) ||
      inOrder(a.hostIp, b.hostIp) ||
      (a.hostPort ?? 0) - (b.hostPort ?? 0) ||
      inOrder(a.endpoint?.bridge ?? '', b.endpoint?.bridge ?? ''),
  );
}

const keyOf = ({ proto, port, hostIp, hostPort, endpoint }: PublishedPort): string =>
  `${hostIp} ${String(hostPort)} ${String(port)}/${proto} ${endpoint?.bridge ?? ''}`;

/**
 * A linked child has the additional name `/parent/alias` while its parent exists. Links of user-defined networks
 * add no such name (measured on 20.10, 26.1 and 28.5). Two aliases of one child share their rules.
 */
export function linksBetween(
  containers: readonly Container[],
  networks: readonly LiveNetwork[],
): readonly Link[] {
  const children = containers.filter(({ linkedAs }) => linkedAs.length > 0);
  const bridge = networks.find(({ name, driver }) => name === 'bridge' && driver === 'bridge')?.bridge;
  if (children.length === 0 || bridge === undefined) return [];
  const endpointOf = (container: Container | undefined): Endpoint | undefined =>
    container?.attachments.find(({ endpoint }) => endpoint?.bridge === bridge)?.endpoint;
  const byName = new Map(containers.map((container) => [container.name, container]));
  return children.flatMap((child) => {
    const end = endpointOf(child);
    const parents = new Set(child.linkedAs.map((name) => name.replace(/\/.*$/, '')));
    return [...parents].flatMap((name) => {
      const parent = endpointOf(byName.get(name));
      if (end === undefined || parent === undefined) return [];
      return exposedBy(child).map((port) => ({ bridge, parent, child: end, ...port }));
    });
  });
}

/** Ports exposed or published, each once. */
function exposedBy({ ports }: Container): readonly ContainerPort[] {
  const all = ports.map(({ proto, port }) => ({ proto, port }));
  return [...new Map(all.map((one) => [`${String(one.port)}/${one.proto}`, one])).values()].sort(
    (a, b) => a.port - b.port || inOrder(a.proto, b.proto),
  );
}
