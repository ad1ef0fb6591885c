import {
  addressIn,
  type Endpoint,
  type Inventory,
  type LiveNetwork,
  type NamedAddress,
  type Network,
  type PublishedPort,
} from '../docker/inventory.ts';
import type { OwnedRule } from '../docker/ownership.ts';
import type { Captures } from '../docker/shape.ts';
import { canonicalBlock, sameBlock } from '../iptables/address.ts';
import { FAMILIES, type Family } from '../iptables/model.ts';

/** What was known when the rules in question were recorded: names for what the Engine no longer knows. */
export interface Past {
  readonly networks: readonly Network[];
  readonly containers: readonly NamedAddress[];
}

const NO_PAST: Past = { networks: [], containers: [] };

/** Who else may have written a rule here. */
export interface Company {
  /** Interfaces of this network namespace. */
  readonly interfaces: ReadonlySet<string>;
  /** No second Engine works in this network namespace. */
  readonly alone: boolean;
}

/** Rules that serve one endpoint's port. `dnat` and the raw rules of loopback ports also name the host's. */
const OF_PORT: ReadonlySet<string> = new Set(['dnat', 'port-accept', 'hairpin-port', 'raw-port']);
const OF_ADDRESS: ReadonlySet<string> = new Set(['raw-endpoint', 'raw-trusted']);

/** Says of single rules whether what they serve still exists. Every question takes constant time. */
export class Witness {
  private readonly networks: ReadonlyMap<string, LiveNetwork>;
  private readonly byAddress = new Map<string, Endpoint>();
  private readonly byName = new Map<string, Endpoint[]>();
  private readonly atHost = new Map<string, PublishedPort>();
  private readonly atContainer = new Set<string>();
  private readonly linked = new Set<string>();
  private readonly vnis = new Set<string>();
  private readonly inventory: Inventory;
  private readonly past: Past;

  constructor(inventory: Inventory, past: Past = NO_PAST) {
    this.inventory = inventory;
    this.past = past;
    this.networks = new Map(inventory.networks.map((network) => [network.bridge, network]));
    for (const endpoint of inventory.endpoints) {
      for (const address of [endpoint.ipv4, endpoint.ipv6])
        if (address !== '') this.byAddress.set(canonicalBlock(address), endpoint);
      this.byName.set(endpoint.container, [...(this.byName.get(endpoint.container) ?? []), endpoint]);
    }
    for (const published of inventory.ports) {
      const { proto, hostIp, hostPort, port, endpoint } = published;
      this.atHost.set(portKey(hostIp, hostPort, proto), published);
      // A port published in one family is closed in the other.
      const address =
        endpoint === undefined ? '' : addressIn(endpoint, hostIp.includes(':') ? 'ipv6' : 'ipv4');
      if (address !== '') this.atContainer.add(portKey(address, port, proto));
    }
    for (const { parent, child, port, proto } of inventory.links)
      for (const family of FAMILIES) {
        const [from, to] = [addressIn(parent, family), addressIn(child, family)];
        if (from === '' || to === '') continue;
        // One rule for the way there, one for the way back.
        this.linked.add(linkKey(from, to, port, proto)).add(linkKey(to, from, port, proto));
      }
    // The three ways in which Engines write a VNI into a rule (docker-rules §1.5).
    for (const { vni } of inventory.swarm.encrypted)
      for (const text of [`0x${(vni * 256).toString(16)}`, String(vni * 256), String(vni)])
        this.vnis.add(text);
  }

  /**
   * Why nothing that exists calls for a rule any more; undefined where nothing speaks against it.
   *
   * @param owned - a rule of Docker's, recorded or live
   */
  whyGone(family: Family, { shape, captures = {}, level }: OwnedRule): string | undefined {
    if (level === 'daemon' || shape === undefined) return undefined;
    if (level === 'ingress') return this.whyIngressGone(shape.id, captures);
    if (level === 'overlay')
      return captures.vni === undefined || this.vnis.has(captures.vni)
        ? undefined
        : 'no container here is on an encrypted overlay network with this VNI';
    const place = this.whyNetworkGone(captures);
    if (place !== undefined) return place;
    if (OF_PORT.has(shape.id)) return this.whyPortGone(family, shape.id, captures);
    if (OF_ADDRESS.has(shape.id)) return this.whyAddressGone(captures);
    if (shape.id === 'link-accept') return this.whyLinkGone(captures);
    if (shape.id === 'raw-loopback' || shape.id === 'raw-loopback-wsl')
      return this.publishedAt(family, captures) === undefined
        ? `no container publishes ${hostPortOf(captures)} any more`
        : undefined;
    if (shape.id === 'sctp-checksum' && !this.publishesSctp(captures.port ?? ''))
      return `no container publishes ${captures.port ?? ''}/sctp any more`;
    return undefined;
  }

  /**
   * Why a live rule is litter that Docker left behind; undefined where it is wanted, or where it may be another Engine's:
   * two in one network namespace share all chains (docker-rules §2).
   */
  whyOrphan(family: Family, owned: OwnedRule, { interfaces, alone }: Company): string | undefined {
    const { bridge } = owned.captures ?? {};
    const isOurs = alone || (bridge !== undefined && (this.networks.has(bridge) || !interfaces.has(bridge)));
    return isOurs ? this.whyGone(family, owned) : undefined;
  }

  /**
   * What an orphan does that still lets packets through, as a saved file of yesterday brings it back: `exposure` when it
   * opens a container that does not publish the port, `outage` when it takes a port from the one that does.
   */
  diversion(family: Family, { shape, captures = {} }: OwnedRule): 'exposure' | 'outage' | undefined {
    if (shape?.id !== 'dnat' && shape?.id !== 'port-accept') return undefined;
    if (this.byAddress.has(canonicalBlock(captures.ip ?? ''))) return 'exposure';
    return shape.id === 'dnat' && this.publishedAt(family, captures) !== undefined ? 'outage' : undefined;
  }

  private whyNetworkGone({ bridge, subnet }: Captures): string | undefined {
    if (bridge === undefined) return undefined;
    const network = this.networks.get(bridge);
    if (network === undefined) {
      const name = this.past.networks.find((past) => past.bridge === bridge)?.name;
      return name === undefined
        ? `the Engine has no network with bridge ${bridge}`
        : `network ${name} (${bridge}) no longer exists`;
    }
    if (subnet === undefined || network.subnets.some((known) => sameBlock(known, subnet))) return undefined;
    return `network ${network.name} has ${network.subnets.join(', ')}, not ${subnet}`;
  }

  private whyPortGone(family: Family, shapeId: string, captures: Captures): string | undefined {
    const { port = '', proto = '', ip = '' } = captures;
    if (shapeId === 'dnat') {
      const now = this.publishedAt(family, captures);
      const to = now?.endpoint;
      if (now !== undefined && to !== undefined) {
        const address = addressIn(to, family);
        const isThere = canonicalBlock(address) === canonicalBlock(ip);
        if (isThere && String(now.port) === port) return undefined;
        if (isThere)
          return `${hostPortOf(captures)} leads to port ${String(now.port)}/${proto} of container ${now.container} now`;
        if (address !== '')
          return `${hostPortOf(captures)} is published by container ${now.container}, which now has ${address}`;
      }
    }
    const gone = this.whyAddressGone(captures);
    if (gone !== undefined) return gone;
    const serves = this.atContainer.has(portKey(ip, Number(port), proto));
    if (serves && shapeId !== 'dnat') return undefined;
    const moved = this.whereNow(ip);
    if (moved !== undefined) return moved;
    const container = this.byAddress.get(canonicalBlock(ip))?.container ?? ip;
    const what = shapeId === 'dnat' ? hostPortOf(captures) : `${port}/${proto}`;
    return `container ${container} (${ip}) does not publish ${what}`;
  }

  /** A link is gone with either end: whoever has an end's address now was never linked. */
  private whyLinkGone(captures: Captures): string | undefined {
    const { source = '', ip = '', port = '', proto = '' } = captures;
    if (this.linked.has(linkKey(source, ip, Number(port), proto))) return undefined;
    const nameOf = (address: string) => this.byAddress.get(canonicalBlock(address))?.container ?? address;
    return (
      this.whyAddressGone({ ...captures, ip: source }) ??
      this.whyAddressGone(captures) ??
      this.whereNow(source) ??
      this.whereNow(ip) ??
      `containers ${nameOf(source)} and ${nameOf(ip)} are not linked by ${port}/${proto}`
    );
  }

  /** An address that is nobody's, or somebody else's than the bridge in the rule says. */
  private whyAddressGone({ ip = '', bridge }: Captures): string | undefined {
    const endpoint = this.byAddress.get(canonicalBlock(ip));
    if (endpoint === undefined) return this.whereNow(ip) ?? `no running container has ${ip}`;
    return bridge === undefined || endpoint.bridge === bridge
      ? undefined
      : `${ip} is now container ${endpoint.container}'s on network ${endpoint.network}`;
  }

  /** Where the container went that was recorded with an address. */
  private whereNow(ip: string): string | undefined {
    const before = this.past.containers.find(({ address }) => sameBlock(address, ip))?.container;
    if (before === undefined) return undefined;
    const family = ip.includes(':') ? 'ipv6' : 'ipv4';
    const addresses = (this.byName.get(before) ?? []).map((endpoint) => addressIn(endpoint, family));
    const now = addresses.find((address) => address !== '');
    if (now === undefined) return `container ${before}, which had ${ip}, does not run`;
    return addresses.includes(ip) ? undefined : `container ${before} now has ${now}`;
  }

  private publishedAt(family: Family, { hostIp, hostPort, proto = '' }: Captures): PublishedPort | undefined {
    const any = family === 'ipv4' ? '0.0.0.0' : '::';
    return this.atHost.get(portKey(hostIp ?? any, Number(hostPort), proto));
  }

  private publishesSctp(port: string): boolean {
    return this.inventory.ports.some(
      (published) => published.proto === 'sctp' && String(published.port) === port,
    );
  }

  private whyIngressGone(shapeId: string, { hostPort, proto, ip }: Captures): string | undefined {
    const { state, ingressPorts, meshAddress } = this.inventory.swarm;
    if (state !== 'active') return 'this host is no longer in a swarm';
    if (hostPort === undefined) return undefined;
    // A worker is told the ports, not their protocols.
    const isServed = ingressPorts.some(
      (known) => String(known.port) === hostPort && (known.proto === undefined || known.proto === proto),
    );
    if (!isServed) return `no service publishes ${hostPort}/${proto ?? ''} through the routing mesh`;
    return shapeId !== 'ingress-dnat' || meshAddress === undefined || meshAddress === ip
      ? undefined
      : `the routing mesh now has ${meshAddress}`;
  }
}

const portKey = (address: string, port: number | undefined, proto: string): string =>
  `${canonicalBlock(address)} ${String(port)}/${proto}`;

const linkKey = (from: string, to: string, port: number, proto: string): string =>
  `${canonicalBlock(from)} ${portKey(to, port, proto)}`;

const hostPortOf = ({ hostIp, hostPort, proto }: Captures): string =>
  `${hostIp === undefined ? '' : `${hostIp}:`}${hostPort ?? ''}/${proto ?? ''}`;
