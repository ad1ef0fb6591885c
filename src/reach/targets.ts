import type { PublishedIntent } from '../docker/intent/values.ts';
import type { Endpoint } from '../docker/inventory/inventory.ts';
import type { Family } from '../net/family.ts';
import type { AskedFor, Cell, Spot } from './cell.ts';
import type { AskedPort } from './terrain.ts';
import { addressesOf, type ProxiedSpot, type PublishedSpot } from './spots.ts';

/** The first of these that a container does not publish stands for all that it does not publish. */
const UNPUBLISHED = { tcp: [81, 82, 83, 84, 85], udp: [5353, 5354, 5355, 5356, 5357] } as const;

export type ContainerAsked = Extract<AskedFor, { readonly spot: Spot }>;

/** What is asked of a container. */
export interface ContainerTarget {
  readonly proto: Cell['proto'];
  /** What is meant for the port, where a published one is asked. */
  readonly published: PublishedIntent | undefined;
  readonly asked: ContainerAsked;
}

/** A port is published on several addresses, and asked at the container's own once. */
function ownPorts(ports: readonly PublishedSpot[]): readonly ContainerTarget[] {
  const found = new Map<string, ContainerTarget>();
  for (const { spot, port, intent } of ports) {
    const { proto } = port;
    const asked = { what: 'own-port', spot, port: port.port } as const;
    const key = `${spot.address} ${proto} ${String(port.port)}`;
    if (!found.has(key)) found.set(key, { asked, proto, published: intent });
  }
  return [...found.values()];
}

function unpublishedTargets(
  spots: readonly Spot[],
  ports: readonly PublishedSpot[],
  askedPorts: readonly AskedPort[],
): readonly ContainerTarget[] {
  const taken = new Set(ports.map(({ spot, port }) => `${spot.address} ${port.proto} ${String(port.port)}`));
  return spots.flatMap((spot) => {
    const isFree = ({ proto, port }: AskedPort): boolean =>
      !taken.has(`${spot.address} ${proto} ${String(port)}`);
    const usual = (['tcp', 'udp'] as const).map((proto): AskedPort => {
      const port = UNPUBLISHED[proto].find((one) => isFree({ proto, port: one })) ?? 1;
      return { proto, port };
    });
    const others = askedPorts.filter(
      (asked) =>
        isFree(asked) && !usual.some(({ proto, port }) => proto === asked.proto && port === asked.port),
    );
    return [...usual, ...others].map(({ proto, port }): ContainerTarget => ({
      asked: { what: 'unpublished', spot, port },
      proto,
      published: undefined,
    }));
  });
}

interface TargetParts {
  readonly spots: readonly Spot[];
  readonly ports: readonly PublishedSpot[];
  /** Addresses of this host. */
  readonly hosts: readonly string[];
  readonly family: Family;
  /** Containers whose published ports the Engine did not say: none of theirs is known to be unpublished. */
  readonly portsUnknown: readonly Endpoint[];
  /** Ports that are asked of each container beside those that are asked anyway. */
  readonly askedPorts: readonly AskedPort[];
  /** Ports that docker-proxy alone serves in this family. */
  readonly proxied: readonly ProxiedSpot[];
}

/** By IPv6, ports of containers that have none. */
const proxiedTargets = ({ proxied: all }: TargetParts): readonly ContainerTarget[] =>
  all.flatMap(({ spot, proxied, addresses }) =>
    addresses.map((at): ContainerTarget => {
      const { port, proto, binding } = proxied;
      const asked = { what: 'published', spot, port, at, hostPort: binding.port, proxied } as const;
      return { asked, proto, published: undefined };
    }),
  );

/** All that is asked of containers: published ports by each address, ports at their own address, and those nobody published. */
export function containerTargets(parts: TargetParts): readonly ContainerTarget[] {
  const { spots, ports, hosts, family, portsUnknown, askedPorts } = parts;
  const published = ports.flatMap((one): readonly ContainerTarget[] => {
    const { spot, port, intent } = one;
    const { port: inside, proto, hostPort = 0 } = port;
    return addressesOf(port, intent, hosts, family).map((at) => {
      const asked = { what: 'published', spot, port: inside, at, hostPort } as const;
      return { asked, proto, published: intent };
    });
  });
  const unsaid = new Set(portsUnknown.map(({ container }) => container));
  const said = spots.filter(({ container }) => !unsaid.has(container));
  return [
    ...published,
    ...proxiedTargets(parts),
    ...ownPorts(ports),
    ...unpublishedTargets(said, ports, askedPorts),
  ];
}
