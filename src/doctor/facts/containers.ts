import {
  isPublished,
  listedContainersFrom,
  type ContainerPort,
  type PortBinding,
} from '../../docker/inventory/container-answer.ts';
import type { Network } from '../../docker/inventory/inventory.ts';
import type { ContainerFacts, Inside } from './facts.ts';

/** A container as the Engine lists it, without what only its inspection and its namespace show. */
export interface Listed extends Omit<ContainerFacts, 'requestedPorts' | 'exposed' | 'sysctls' | 'inside'> {
  /** Listed ports that are exposed and not published. */
  readonly exposed: ContainerFacts['exposed'];
  /** Whether any port is published. */
  readonly publishes: boolean;
}

/**
 * All containers, stopped ones too, by name.
 *
 * @param body - the parsed JSON of `GET /containers/json?all=true`
 */
export function containersFrom(body: unknown): readonly Listed[] {
  return listedContainersFrom(body)
    .map(({ places = [], ports, linkedAs: _, ...one }) => ({
      ...one,
      attachments: places,
      exposed: exposedIn(ports),
      publishes: ports.some(isPublished),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function exposedIn(ports: readonly PortBinding[]): readonly ContainerPort[] {
  const keyOf = ({ proto, port }: ContainerPort): string => `${String(port)}/${proto}`;
  const published = new Set(ports.filter(isPublished).map(keyOf));
  return ports.filter((one) => !published.has(keyOf(one))).map(({ proto, port }) => ({ proto, port }));
}

/** Whether it has a network namespace that can be read: a container between two starts has none. */
export const runs = ({ state }: Pick<Listed, 'state'>): boolean => state === 'running' || state === 'paused';

/**
 * Whether the list leaves open what a container was requested to publish: its inspection costs the Engine a millisecond, so
 * only these are inspected. One that publishes nothing may have been requested to, in vain.
 */
export function needsInspection(
  one: Listed,
  networks: readonly Network[],
  named: ReadonlySet<string>,
): boolean {
  if (named.has(one.id)) return true;
  if (!runs(one)) return false;
  if (/^(?:host|none|container:)/.test(one.networkMode) || !one.publishes) return true;
  const internal = new Set(networks.filter((network) => network.internal).map(({ id }) => id));
  return one.attachments.every(({ networkId }) => internal.has(networkId));
}

/**
 * Whether an IPv6 address that the Engine gave a container is missing inside. Its kernel settings, which no file of
 * /proc shows to others, and what it was started with say why: they are read of these containers alone.
 */
export const lacksIpv6 = (
  { attachments }: Pick<Listed, 'attachments'>,
  { links }: Pick<Inside, 'links'>,
): boolean =>
  attachments.some(
    ({ ipv6 }) =>
      ipv6 !== '' && !links.some(({ addresses }) => addresses.some(({ address }) => address === ipv6)),
  );
