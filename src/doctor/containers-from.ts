import {
  isRecord,
  listOf,
  PROTOCOLS,
  textOf,
  type Json,
  type Network,
  type Protocol,
} from '../docker/inventory.ts';
import type { Attached, ContainerFacts, Inside, WantedPort } from './facts.ts';

/** A container as the Engine lists it, without what only its inspection and its namespace show. */
export interface Listed extends Omit<ContainerFacts, 'wanted' | 'exposed' | 'sysctls' | 'inside'> {
  /** Listed ports that are exposed and not published. */
  readonly exposed: ContainerFacts['exposed'];
  /** Whether any port is published. */
  readonly publishes: boolean;
}

/** What the inspection of a container adds. */
export interface Inspected {
  readonly wanted: readonly WantedPort[];
  readonly exposed: ContainerFacts['exposed'];
  readonly sysctls: Readonly<Record<string, string>>;
}

const recordOf = (value: unknown): Json => (isRecord(value) ? value : {});
const isProtocol = (type: unknown): type is Protocol => PROTOCOLS.some((proto) => proto === type);

/**
 * All containers, stopped ones too, by name.
 *
 * @param body - the parsed JSON of `GET /containers/json?all=true`
 */
export function containersFrom(body: unknown): readonly Listed[] {
  return listOf(body)
    .filter(isRecord)
    .map(listedFrom)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function listedFrom(raw: Json): Listed {
  const names = listOf(raw['Names']).map((name) => textOf(name).replace(/^\//, ''));
  const networks = recordOf(recordOf(raw['NetworkSettings'])['Networks']);
  const ports = listOf(raw['Ports']).filter(isRecord);
  const published = ports.filter(
    (port) => textOf(port['IP']) !== '' || typeof port['PublicPort'] === 'number',
  );
  const keyOf = (port: Json): string => `${String(port['PrivatePort'])}/${textOf(port['Type'])}`;
  const isPublished = new Set(published.map(keyOf));
  return {
    id: textOf(raw['Id']),
    // `parent/alias` is a link's.
    name: names.find((name) => !name.includes('/')) ?? '',
    state: textOf(raw['State']),
    status: textOf(raw['Status']),
    networkMode: textOf(recordOf(raw['HostConfig'])['NetworkMode']),
    attachments: Object.entries(networks).flatMap(([network, one]) =>
      isRecord(one) ? [attachedFrom(network, one)] : [],
    ),
    exposed: ports.filter((port) => !isPublished.has(keyOf(port))).flatMap((port) => portFrom(keyOf(port))),
    publishes: published.length > 0,
  };
}

const attachedFrom = (network: string, raw: Json): Attached => ({
  network,
  networkId: textOf(raw['NetworkID']),
  ipv4: textOf(raw['IPAddress']),
  ipv6: textOf(raw['GlobalIPv6Address']),
  gateway: textOf(raw['Gateway']),
  gateway6: textOf(raw['IPv6Gateway']),
  mac: textOf(raw['MacAddress']),
});

function portFrom(text: string): ContainerFacts['exposed'] {
  const [port = '', proto = 'tcp'] = text.split('/');
  return isProtocol(proto) && /^\d+$/.test(port) ? [{ proto, port: Number(port) }] : [];
}

/**
 * The ports a container was asked to publish, those it exposes beside them, and the kernel settings it was started with.
 *
 * @param body - the parsed JSON of `GET /containers/ID/json`; null for one that is gone
 */
export function inspectedFrom(body: unknown): Inspected | undefined {
  if (!isRecord(body)) return undefined;
  const host = recordOf(body['HostConfig']);
  const bindings = recordOf(host['PortBindings']);
  const exposed = Object.keys(recordOf(recordOf(body['Config'])['ExposedPorts']));
  return {
    wanted: Object.entries(bindings).flatMap(([text, hosts]) =>
      portFrom(text).flatMap((one) => {
        const all = listOf(hosts).filter(isRecord);
        return (all.length === 0 ? [{}] : all).map((host: Json) => ({
          ...one,
          hostIp: textOf(host['HostIp']),
          hostPort: Number(textOf(host['HostPort'])) || undefined,
        }));
      }),
    ),
    exposed: exposed.filter((text) => bindings[text] === undefined).flatMap(portFrom),
    sysctls: Object.fromEntries(
      Object.entries(recordOf(host['Sysctls'])).map(([name, value]) => [name, textOf(value)]),
    ),
  };
}

/** Whether it has a network namespace to look into: a container between two starts has none. */
export const runs = ({ state }: Pick<Listed, 'state'>): boolean => state === 'running' || state === 'paused';

interface Named {
  readonly id: string;
  readonly name: string;
  /** Of a network. */
  readonly bridge?: string;
}

/** Tells whom a word means among all there is: as docker does, a name goes before an id that begins alike. */
export function meantBy(word: string, all: readonly Named[]): (one: Named) => boolean {
  const isNamed = ({ name, bridge }: Named): boolean => name === word || bridge === word;
  const isId = /^[0-9a-f]{4,64}$/.test(word);
  return all.some(isNamed) ? isNamed : ({ id }) => isId && id.startsWith(word);
}

/**
 * Whom the words of the command line mean: a container by name, or by the beginning of its id; or every member of a
 * network.
 */
export function wantedOf(
  wanted: string | undefined,
  containers: readonly Listed[],
  networks: readonly Network[],
): ReadonlySet<string> {
  if (wanted === undefined || wanted === '') return new Set();
  const isMeant = meantBy(wanted, [...containers, ...networks]);
  const meant = new Set(networks.filter(isMeant).map(({ id }) => id));
  return new Set(
    containers
      .filter((one) => isMeant(one) || one.attachments.some(({ networkId }) => meant.has(networkId)))
      .map(({ id }) => id),
  );
}

/**
 * Whether the list leaves open what a container was asked to publish: its inspection costs the Engine a millisecond, so
 * only these are inspected. One that publishes nothing may have been asked to, in vain.
 */
export function needsInspection(
  one: Listed,
  networks: readonly Network[],
  wanted: ReadonlySet<string>,
): boolean {
  if (wanted.has(one.id)) return true;
  if (!runs(one)) return false;
  if (/^(?:host|none|container:)/.test(one.networkMode) || !one.publishes) return true;
  const internal = new Set(networks.filter((network) => network.internal).map(({ id }) => id));
  return one.attachments.every(({ networkId }) => internal.has(networkId));
}

/**
 * Whether an IPv6 address that the Engine gave a container is not to be seen inside. Why tell its kernel settings, which no
 * file of /proc shows to others, and what it was started with: only these are looked at and inspected for it.
 */
export const lacksIpv6 = (
  { attachments }: Pick<Listed, 'attachments'>,
  { links }: Pick<Inside, 'links'>,
): boolean =>
  attachments.some(
    ({ ipv6 }) =>
      ipv6 !== '' && !links.some(({ addresses }) => addresses.some(({ address }) => address === ipv6)),
  );
