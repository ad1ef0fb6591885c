import { isProtocol, type Protocol } from '../../net/protocol.ts';
import { isRecord, listOf, recordOf, textOf, type Json } from './inventory.ts';

/** A container's place on one network. */
export interface NetworkPlace {
  readonly network: string;
  readonly networkId: string;
  /** Without prefix length; '' for none. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly gateway: string;
  readonly gateway6: string;
  readonly mac: string;
  /** Which network leads outside (29 and later); absent in the answers of older Engines. */
  readonly priority?: number;
}

/** A port of a container, and where on the host it opens or was requested to. */
export interface PortBinding {
  readonly proto: Protocol;
  readonly port: number;
  /** `0.0.0.0`, `::`, or one address; '' where the answer names none. */
  readonly hostIp: string;
  /** Undefined for none, and in a request for one the Engine chooses. */
  readonly hostPort: number | undefined;
}

/** A port inside a container. */
export type ContainerPort = Pick<PortBinding, 'proto' | 'port'>;

/** A container as the Engine lists it. What an answer lacks is '' or empty. */
export interface ListedContainer {
  readonly id: string;
  /** Without slash. */
  readonly name: string;
  /** `parent/alias` of each container that is linked to this one. */
  readonly linkedAs: readonly string[];
  /** The compose service it belongs to, and that service's project. */
  readonly service: string;
  readonly project: string;
  /** When it was made, in seconds since 1970. */
  readonly created?: number;
  /** `running`, `paused`, `restarting`, `exited`, `created`, `dead`. */
  readonly state: string;
  /** As the Engine puts it: `Up 3 minutes`. */
  readonly status: string;
  /** `default`, `bridge`, a network's name, `host`, `none`, `container:ID`. */
  readonly networkMode: string;
  /** Undefined where the answer does not show them; empty for a container on no network. */
  readonly places: readonly NetworkPlace[] | undefined;
  /** Exposed ports among them ({@link isPublished}). */
  readonly ports: readonly PortBinding[];
}

/** What the inspection of a container shows beside the list. */
export interface InspectedContainer {
  readonly id: string;
  /** As `GET /containers/json` of an Engine up to 28 lists them: those without a host port too. */
  readonly ports: readonly PortBinding[];
  /** Ports requested with `-p`. */
  readonly requestedPorts: readonly PortBinding[];
  /** Ports of its image, or of `--expose`, that it was not requested to publish. */
  readonly exposed: readonly ContainerPort[];
  /** Kernel settings it was started with (`--sysctl`). */
  readonly sysctls: Readonly<Record<string, string>>;
}

/** An exposed port has no host port and no address; one of a routed network has an address alone. */
export const isPublished = ({ hostIp, hostPort }: PortBinding): boolean =>
  hostIp !== '' || hostPort !== undefined;

/** The containers of `GET /containers/json`, in the Engine's order. @param body - parsed JSON; what is no container is left out */
export const listedContainersFrom = (body: unknown): readonly ListedContainer[] =>
  listOf(body).filter(isRecord).map(listedFrom);

function listedFrom(raw: Json): ListedContainer {
  const created = raw['Created'];
  const names = listOf(raw['Names']).map((name) => textOf(name).replace(/^\//, ''));
  return {
    id: textOf(raw['Id']),
    name: names.find((name) => !name.includes('/')) ?? '',
    linkedAs: names.filter((name) => name.includes('/')),
    service: textOf(recordOf(raw['Labels'])['com.docker.compose.service']),
    project: textOf(recordOf(raw['Labels'])['com.docker.compose.project']),
    ...(typeof created === 'number' && { created }),
    state: textOf(raw['State']),
    status: textOf(raw['Status']),
    networkMode: textOf(recordOf(raw['HostConfig'])['NetworkMode']),
    places: placesFrom(recordOf(raw['NetworkSettings'])['Networks']),
    ports: listOf(raw['Ports']).filter(isRecord).flatMap(listedPortFrom),
  };
}

function placesFrom(networks: unknown): readonly NetworkPlace[] | undefined {
  if (!isRecord(networks)) return undefined;
  const entries = Object.entries(networks);
  const places = entries.flatMap(([network, raw]) => (isRecord(raw) ? [placeFrom(network, raw)] : []));
  // Networks that cannot be read are not the same as none.
  return places.length === 0 && entries.length > 0 ? undefined : places;
}

function placeFrom(network: string, raw: Json): NetworkPlace {
  const priority = raw['GwPriority'];
  return {
    network,
    networkId: textOf(raw['NetworkID']),
    ipv4: textOf(raw['IPAddress']),
    ipv6: textOf(raw['GlobalIPv6Address']),
    gateway: textOf(raw['Gateway']),
    gateway6: textOf(raw['IPv6Gateway']),
    mac: textOf(raw['MacAddress']),
    ...(typeof priority === 'number' && { priority }),
  };
}

function listedPortFrom(raw: Json): readonly PortBinding[] {
  const { Type: proto, PrivatePort: port, PublicPort: hostPort } = raw;
  if (!isProtocol(proto) || typeof port !== 'number') return [];
  const published = (typeof hostPort === 'number' && hostPort) || undefined;
  // No packet asks for a port 0 that an image exposes.
  if (port === 0 && published === undefined) return [];
  // Some Engines write 0 for none.
  return [
    {
      proto,
      port,
      hostIp: textOf(raw['IP']),
      hostPort: published,
    },
  ];
}

/** What `GET /containers/ID/json` adds to the list. @param body - parsed JSON; null for a container that is gone */
export function inspectedContainerFrom(body: unknown): InspectedContainer | undefined {
  if (!isRecord(body)) return undefined;
  const host = recordOf(body['HostConfig']);
  const requested = recordOf(host['PortBindings']);
  const exposed = Object.keys(recordOf(recordOf(body['Config'])['ExposedPorts']));
  return {
    id: textOf(body['Id']),
    // A range (`8000-8010`) counts by its first, as in the list.
    ports: bindingsFrom(recordOf(body['NetworkSettings'])['Ports'], (text) => /^\d+/.exec(text)?.[0]),
    requestedPorts: bindingsFrom(requested, (text) => text),
    exposed: exposed.filter((text) => requested[text] === undefined).flatMap(portFrom),
    sysctls: Object.fromEntries(
      Object.entries(recordOf(host['Sysctls'])).map(([name, value]) => [name, textOf(value)]),
    ),
  };
}

/** A port without a binding is one all the same. */
const bindingsFrom = (
  ports: unknown,
  hostPortIn: (text: string) => string | undefined,
): readonly PortBinding[] =>
  Object.entries(recordOf(ports)).flatMap(([text, hosts]) =>
    portFrom(text).flatMap((port) => {
      const bound = listOf(hosts).filter(isRecord);
      return (bound.length === 0 ? [{}] : bound).map((host: Json) => ({
        ...port,
        hostIp: textOf(host['HostIp']),
        hostPort: Number(hostPortIn(textOf(host['HostPort']))) || undefined,
      }));
    }),
  );

/** `80/tcp`; without a protocol it is TCP. */
function portFrom(text: string): readonly ContainerPort[] {
  const [, port, proto = 'tcp'] = /^(\d{1,5})(?:\/(\w+))?$/.exec(text) ?? [];
  return isProtocol(proto) && port !== undefined ? [{ proto, port: Number(port) }] : [];
}

/** Whether an inspection is that of a container that no longer runs. @param body - as of {@link inspectedContainerFrom} */
export const hasEnded = (body: unknown): boolean => recordOf(recordOf(body)['State'])['Running'] === false;
