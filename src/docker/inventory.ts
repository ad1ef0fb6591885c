import type { Family } from '../iptables/model.ts';

/** What the Engine says of one network; only bridge networks write rules on the host. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** The bridge's interface name; '' for a driver that has none. */
  readonly bridge: string;
  readonly internal: boolean;
  /** As `address/length`, both families. */
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

/** What a baseline keeps of the Engine that owned the rules. */
export interface EngineFacts {
  readonly version: string;
  readonly apiVersion: string;
  readonly networks: readonly Network[];
  /** Who had which address; baselines of rulesguard 0.1 may lack it. */
  readonly containers?: readonly NamedAddress[];
}

/** A container's name beside one of its addresses. */
export interface NamedAddress {
  readonly address: string;
  readonly container: string;
}

/** A network of the running Engine, with what a baseline has no use for. */
export interface LiveNetwork extends Network {
  /** RFC 3339, as the Engine prints it. */
  readonly created: string;
  /** Older daemons than 28 do not say; they behave as true. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** The overlay of the swarm routing mesh itself. */
  readonly ingress: boolean;
}

/** An address that a running container, or the routing mesh, has on a bridge network. */
export interface Endpoint {
  readonly bridge: string;
  /** Name of the network. */
  readonly network: string;
  /** Name without slash; `ingress-sbox` for the routing mesh's own. */
  readonly container: string;
  readonly containerId: string;
  /** Without prefix length; '' when it has none. */
  readonly ipv4: string;
  readonly ipv6: string;
}

/** The address of an endpoint in one family; '' when it has none. */
export const addressIn = (endpoint: Endpoint, family: Family): string =>
  family === 'ipv4' ? endpoint.ipv4 : endpoint.ipv6;

export const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** One published port of one running container, one per address it is bound to. */
export interface PublishedPort {
  readonly container: string;
  readonly proto: Protocol;
  readonly port: number;
  /** `0.0.0.0`, `::`, or one address of the host. */
  readonly hostIp: string;
  /** Undefined in a routed network, which opens the port but translates nothing. */
  readonly hostPort: number | undefined;
  /**
   * The endpoint that gives the container its default gateway in this family: translations lead there. Undefined when it
   * has no address of this family on any bridge; docker-proxy alone serves such a binding.
   */
  readonly endpoint: Endpoint | undefined;
}

/** A `--link` on the default bridge: `parent` may reach `child` on the ports it exposes. */
export interface Link {
  readonly bridge: string;
  readonly parent: Endpoint;
  readonly child: Endpoint;
  readonly proto: Protocol;
  readonly port: number;
}

/** A service port of the routing mesh. Workers are not told the protocol. */
export interface IngressPort {
  readonly proto: Protocol | undefined;
  readonly port: number;
}

/** What a node of a swarm does. */
export interface Swarm {
  /** `inactive`, `pending`, `active`, `error`, `locked`. */
  readonly state: string;
  readonly manager: boolean;
  /** The routing mesh's address on docker_gwbridge; undefined before its sandbox stands. */
  readonly meshAddress: string | undefined;
  readonly ingressPorts: readonly IngressPort[];
  /** Encrypted overlay networks with an endpoint on this node. */
  readonly encrypted: readonly { readonly network: string; readonly vni: number }[];
  /** UDP port of the overlays' traffic; 4789 unless `swarm init --data-path-port` says otherwise. */
  readonly dataPort: number;
}

/** What exists now, as the Engine says it: what its rules are computed from. */
export interface Inventory {
  readonly version: string;
  readonly apiVersion: string;
  /** `iptables`, `iptables+firewalld` or `nftables`; '' from Engines before 28.2, which know only iptables. */
  readonly firewallBackend: string;
  readonly liveRestore: boolean;
  /** From 29.5 on the Engine says it; undefined before. */
  readonly userlandProxy: boolean | undefined;
  readonly networks: readonly LiveNetwork[];
  /** On bridge networks only, docker_gwbridge among them. */
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly PublishedPort[];
  readonly links: readonly Link[];
  readonly swarm: Swarm;
}

/** An object of parsed JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether parsed JSON is an object. */
export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text; anything else reads as empty. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** A list; anything else reads as empty. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const BRIDGE_NAME = 'com.docker.network.bridge.name';

/**
 * The networks of `GET /networks` (API 1.24 to 1.55). Unknown or missing fields read as empty: an Engine may say less
 * than we ask for, never something else.
 *
 * @param body - the parsed JSON of the answer
 */
export function networksFrom(body: unknown): readonly Network[] {
  return listOf(body).filter(isRecord).map(networkFrom);
}

function networkFrom(raw: Readonly<Record<string, unknown>>): Network {
  const id = textOf(raw['Id']);
  const driver = textOf(raw['Driver']);
  const rawOptions = isRecord(raw['Options']) ? raw['Options'] : {};
  const options = Object.fromEntries(
    Object.entries(rawOptions).map(([name, value]) => [name, textOf(value)]),
  );
  const ipam = isRecord(raw['IPAM']) ? listOf(raw['IPAM']['Config']).filter(isRecord) : [];
  return {
    id,
    name: textOf(raw['Name']),
    driver,
    bridge: driver === 'bridge' ? (options[BRIDGE_NAME] ?? `br-${id.slice(0, 12)}`) : '',
    internal: raw['Internal'] === true,
    subnets: ipam.map((config) => textOf(config['Subnet'])).filter((subnet) => subnet !== ''),
    gateways: ipam.map((config) => textOf(config['Gateway'])).filter((gateway) => gateway !== ''),
    options,
  };
}

/** The Engine's answers as parsed JSON, by what was asked. Undefined where the question did not arise. */
export interface Answers {
  /** `GET /version` */
  readonly version: unknown;
  /** `GET /info` */
  readonly info: unknown;
  /** `GET /networks` */
  readonly networks: unknown;
  /** `GET /containers/json` */
  readonly containers: unknown;
  /** `GET /networks/docker_gwbridge`, where there is one. */
  readonly gwbridge?: unknown;
  /** `GET /services`, on a manager of an active swarm. */
  readonly services?: unknown;
  /** `GET /networks/ingress?verbose=true` (by the ingress network's id), on a node of an active swarm. */
  readonly ingress?: unknown;
}

/** What a baseline keeps of an inventory. */
export function factsOf({ version, apiVersion, networks, ...inventory }: Inventory): EngineFacts {
  return {
    version,
    apiVersion,
    networks: networks.map(({ id, name, driver, bridge, internal, subnets, gateways, options }) => ({
      id,
      name,
      driver,
      bridge,
      internal,
      subnets,
      gateways,
      options,
    })),
    containers: namedAddresses(inventory),
  };
}

/** Every address of a container on a bridge network, with the container's name. */
export function namedAddresses({ endpoints }: Pick<Inventory, 'endpoints'>): readonly NamedAddress[] {
  return endpoints.flatMap(({ container, ipv4, ipv6 }) =>
    [ipv4, ipv6].flatMap((address) => (address === '' ? [] : [{ address, container }])),
  );
}
