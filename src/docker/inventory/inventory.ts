import type { Protocol } from '../../net/protocol.ts';
import type { Family } from '../../net/family.ts';

/** How the outside reaches the containers of a bridge network (27 and later; `nat-unprotected` and `isolated` from 28 on). */
export type GatewayMode = 'nat' | 'nat-unprotected' | 'routed' | 'isolated';

/** How a network was created, beside its addresses, as far as its rules depend on it. */
export interface NetworkSettings {
  /** docker0's. */
  readonly isDefault: boolean;
  /** Whether its containers may reach each other (`enable_icc`). */
  readonly icc: boolean;
  /** Whether traffic leaving it gets an address of the host as its source (`enable_ip_masquerade`), in the gateway modes that translate. */
  readonly masquerade: boolean;
  readonly gatewayMode: Readonly<Record<Family, GatewayMode>>;
  /** The source address that traffic leaving it gets (`host_ipv4`, `host_ipv6`); '' for that of the interface it leaves by. */
  readonly hostAddress: Readonly<Record<Family, string>>;
  /** Where ports are published unless they say otherwise (`host_binding_ipv4`); '' or `0.0.0.0` for every address. */
  readonly bindAddress: string;
  /** The interfaces from which its containers can be reached directly (28.2 and later). */
  readonly trustedInterfaces: readonly string[];
  /** The host has no IPv4 address on its bridge. */
  readonly inhibitIpv4: boolean;
  /** An ipvlan that routes (`ipvlan_mode` l3 or l3s). */
  readonly ipvlanLayer3: boolean;
  /** VXLAN ids of an overlay, one per subnet. */
  readonly vnis: readonly number[];
  readonly encrypted: boolean;
}

/** One network as the Engine describes it; only bridge networks have rules on the host. */
export interface Network extends NetworkSettings {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** The bridge's interface name; '' for a driver that has none. */
  readonly bridge: string;
  readonly internal: boolean;
  /** As `address/length`, both families. */
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
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

/** A network of the running Engine, with what a baseline does not record. */
export interface LiveNetwork extends Network {
  /** RFC 3339, as the Engine prints it. */
  readonly created: string;
  /** Engines before 28 do not report it; they behave as true. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** The overlay of the swarm routing mesh itself. */
  readonly ingress: boolean;
  /** Of macvlan and ipvlan: the interface beneath; '' for none. Absent for other drivers, and in facts of older versions. */
  readonly parent?: string | undefined;
  /** An option no Engine could have made it with; undefined when there is none. */
  readonly flaw?: string | undefined;
}

/** An address that a running container, or the routing mesh, has on a bridge network. */
export interface Endpoint {
  readonly bridge: string;
  /** Name of the network. */
  readonly network: string;
  /** Name without slash; `ingress-sbox` for the routing mesh's own. */
  readonly container: string;
  readonly containerId: string;
  /** The compose service that the container belongs to, and its project; absent where it belongs to none. */
  readonly composed?: { readonly service: string; readonly project: string };
  /** When the container was made, in seconds since 1970; absent where the answer does not say. */
  readonly created?: number;
  /** Without prefix length; '' when it has none. */
  readonly ipv4: string;
  readonly ipv6: string;
}

/** The address of an endpoint in one family; '' when it has none. */
export const addressIn = (endpoint: Endpoint, family: Family): string =>
  family === 'ipv4' ? endpoint.ipv4 : endpoint.ipv6;

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
   * The endpoint that gives the container its default gateway in this family: translations lead there. Undefined when the
   * container has no address of this family on any bridge; only docker-proxy serves such a binding.
   */
  readonly endpoint: Endpoint | undefined;
  /** Of a binding on an IPv6 address that docker-proxy alone serves: the endpoint in IPv4 that it asks. */
  readonly proxied?: Endpoint | undefined;
}

/** A `--link` on the default bridge: `parent` may reach `child` on the ports it exposes. */
export interface Link {
  readonly bridge: string;
  readonly parent: Endpoint;
  readonly child: Endpoint;
  readonly proto: Protocol;
  readonly port: number;
}

/** A service port of the routing mesh. Workers do not learn the protocol. */
export interface IngressPort {
  readonly proto: Protocol | undefined;
  readonly port: number;
}

/** What a node of a swarm does. */
export interface Swarm {
  /** `inactive`, `pending`, `active`, `error`, `locked`. */
  readonly state: string;
  readonly manager: boolean;
  /** The address by which the other nodes know this one; absent for none, and in facts of older versions. */
  readonly nodeAddress?: string;
  /** The routing mesh's address on docker_gwbridge; undefined before its sandbox exists. */
  readonly meshAddress: string | undefined;
  readonly ingressPorts: readonly IngressPort[];
  /** Ports that services publish and the mesh does not serve, since no task runs. Absent for none; workers know of none, nor does a kernel without IPVS. */
  readonly unservedPorts?: readonly IngressPort[];
  /** Encrypted overlay networks with an endpoint on this node. */
  readonly encrypted: readonly { readonly network: string; readonly vni: number }[];
  /** UDP port of the overlays' traffic; 4789 unless `swarm init --data-path-port` says otherwise. Only managers are told: of a worker it is 4789. */
  readonly dataPort: number;
}

/** What exists now according to the Engine: what its rules are computed from. */
export interface Inventory {
  readonly version: string;
  readonly apiVersion: string;
  /** `iptables`, `iptables+firewalld` or `nftables`; '' from Engines before 28.2, which know only iptables. */
  readonly firewallBackend: string;
  readonly liveRestore: boolean;
  /** Reported from 29.5 on; undefined before. */
  readonly userlandProxy: boolean | undefined;
  readonly networks: readonly LiveNetwork[];
  /** On bridge networks only, docker_gwbridge among them. */
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly PublishedPort[];
  readonly links: readonly Link[];
  /** Containers whose ports without a host port the Engine did not report: whether they have any is unknown. */
  readonly portsUnknown: readonly Endpoint[];
  readonly unconnected: readonly Unconnected[];
  readonly swarm: Swarm;
  /** Networks and containers that the Engine has and that are not among the above; absent for none. */
  readonly setAside?: readonly SetAside[] | undefined;
}

/** A network or a container that is not judged, since something about it must not become part of a rule. */
export interface SetAside {
  /** `network app`, `container web`. */
  readonly what: string;
  readonly why: string;
  /** The bridges whose rules are left alone. */
  readonly bridges: readonly string[];
  /** Addresses and subnets whose rules are left alone. */
  readonly addresses: readonly string[];
}

/**
 * A running container on no network at all, although it was not created so: on Engine 29 after a start that failed (a port was
 * taken, a chain was lost) and was repeated; on every Engine after somebody disconnected it.
 */
export interface Unconnected {
  readonly container: string;
  /** The network it was made for, as `docker network connect` takes it. */
  readonly network: string;
}

/** An object of parsed JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether parsed JSON is an object. */
export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object; anything else reads as empty. */
export const recordOf = (value: unknown): Json => (isRecord(value) ? value : {});
/** A text; anything else reads as empty. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** A list; anything else reads as empty. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

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
  /** `GET /containers/ID/json` for those whose ports the list may leave out ({@link leftOutIn}), as far as they were answered. */
  readonly inspects?: unknown;
  /** `GET /networks/docker_gwbridge`, where there is one. */
  readonly gwbridge?: unknown;
  /** `GET /services`, on a manager of an active swarm. */
  readonly services?: unknown;
  /** `GET /networks/ingress?verbose=true` (by the ingress network's id), on a node of an active swarm. */
  readonly ingress?: unknown;
}

/** Every address of a container on a bridge network, with the container's name. */
export function namedAddresses({ endpoints }: Pick<Inventory, 'endpoints'>): readonly NamedAddress[] {
  return endpoints.flatMap(({ container, ipv4, ipv6 }) =>
    [ipv4, ipv6].flatMap((address) => (address === '' ? [] : [{ address, container }])),
  );
}
