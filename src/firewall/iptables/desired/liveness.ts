import {
  addressIn,
  type Endpoint,
  type Inventory,
  type LiveNetwork,
  type PublishedPort,
} from '../../../docker/inventory/inventory.ts';
import { isAboutSetAside } from '../../../docker/inventory/set-aside.ts';
import type { OwnedRule } from '../ownership/ownership.ts';
import { PURPOSES, type PurposeId } from '../ownership/purpose.ts';
import type { Captures } from '../ownership/shape.ts';
import { canonicalBlock, sameBlock } from '../../../net/address.ts';
import { familyOf, FAMILIES, type Family } from '../../../net/family.ts';
import { ofOtherEra } from './outdated.ts';
import { ingressGone } from './ingress-gone.ts';
import type { CoTenants, Diversion, Past } from './liveness-terms.ts';
import { hostPortOf, linkKey, portKey } from './liveness-keys.ts';

const NO_PAST: Past = { networks: [], containers: [] };

const notRunning = (container: string, address: string): string =>
  `container ${container}, which had ${address}, is not running`;

/** Whether what single rules serve still exists. Each answer takes constant time. */
export class Liveness {
  private readonly networks: ReadonlyMap<string, LiveNetwork>;
  private readonly byAddress = new Map<string, Endpoint>();
  private readonly byName = new Map<string, Endpoint[]>();
  private readonly atHost = new Map<string, PublishedPort>();
  private readonly atContainer = new Set<string>();
  private readonly linked = new Set<string>();
  private readonly portsUnknown = new Set<string>();
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
      const address = endpoint === undefined ? '' : addressIn(endpoint, familyOf(hostIp));
      if (address !== '') this.atContainer.add(portKey(address, port, proto));
    }
    for (const { parent, child, port, proto } of inventory.links)
      for (const family of FAMILIES) {
        const [from, to] = [addressIn(parent, family), addressIn(child, family)];
        if (from === '' || to === '') continue;
        // One rule for the way there, one for the way back.
        this.linked.add(linkKey(from, to, port, proto)).add(linkKey(to, from, port, proto));
      }
    for (const { ipv4, ipv6 } of inventory.portsUnknown)
      for (const address of [ipv4, ipv6]) if (address !== '') this.portsUnknown.add(canonicalBlock(address));
    // The three ways in which Engines write a VNI into a rule (docs/reference/docker-iptables.md#encrypted-overlays).
    for (const { vni } of inventory.swarm.encrypted)
      for (const text of [`0x${(vni * 256).toString(16)}`, String(vni * 256), String(vni)])
        this.vnis.add(text);
  }

  /**
   * Why a rule is obsolete: nothing that exists requires it any more. Undefined where it is not.
   *
   * @param owned - a rule of Docker's, recorded or live
   */
  whyGone(family: Family, owned: OwnedRule): string | undefined {
    const { shape, captures = {}, level } = owned;
    if (level === 'daemon' || shape === undefined || this.cannotTell(owned)) return undefined;
    if (level === 'ingress') return ingressGone(this.inventory.swarm, shape.id, captures);
    if (level === 'overlay')
      return captures.vni === undefined || this.vnis.has(captures.vni)
        ? undefined
        : 'no container here is on an encrypted overlay network with this VNI';
    const place = this.whyNetworkGone(captures);
    if (place !== undefined) return place;
    switch (PURPOSES[shape.id].serves) {
      case 'port':
        return this.whyPortGone(family, shape.id, captures);
      case 'address':
        return this.whyAddressGone(captures);
      case 'link':
        return this.whyLinkGone(captures);
      case 'loopback-port':
        return this.publishedAt(family, captures) === undefined
          ? `no running container publishes ${hostPortOf(captures)}`
          : undefined;
      case 'sctp-port':
        return this.publishesSctp(captures.port ?? '')
          ? undefined
          : `no running container publishes ${captures.port ?? ''}/sctp`;
      // A rule that serves a network goes with the network; one that serves the daemon never does.
      default:
        return undefined;
    }
  }

  /** The container that a rule served, where the rule is gone because that container is not running. */
  stoppedContainer(family: Family, owned: OwnedRule): string | undefined {
    const { ip = '', source = '' } = owned.captures ?? {};
    const reason = this.whyGone(family, owned);
    return [source, ip].flatMap((address) => {
      const name = this.recordedAt(address);
      return name !== undefined && reason === notRunning(name, address) ? [name] : [];
    })[0];
  }

  /**
   * Whether it is unknown if the Engine requires a rule: of what was set aside, or of a port that the Engine did not report. It stays, and is not written.
   */
  cannotTell(owned: OwnedRule): boolean {
    const { shape, captures = {} } = owned;
    if (shape !== undefined && isAboutSetAside(this.inventory, captures)) return true;
    if (shape?.id !== 'port-accept' && shape?.id !== 'link-accept') return false;
    const { ip = '', source } = captures;
    const isMeant = (address: string): boolean => this.portsUnknown.has(canonicalBlock(address));
    if (!isMeant(ip) && (source === undefined || !isMeant(source))) return false;
    const isThere = (address: string): boolean =>
      this.byAddress.get(canonicalBlock(address))?.bridge === captures.bridge;
    return isThere(ip) && (source === undefined || isThere(source)) && !this.isRequired(owned);
  }

  /** Whether what was reported requires it already. */
  private isRequired({ shape, captures = {} }: OwnedRule): boolean {
    const { ip = '', source = '', port, proto = '' } = captures;
    return shape?.id === 'port-accept'
      ? this.atContainer.has(portKey(ip, Number(port), proto))
      : this.linked.has(linkKey(source, ip, Number(port), proto));
  }

  /**
   * Why a live rule is a leftover of Docker's; undefined where it is wanted, or where it may be another Engine's:
   * two in one network namespace share all chains (docs/reference/docker-iptables.md#ownership).
   */
  whyOrphan(family: Family, owned: OwnedRule, { interfaces, alone }: CoTenants): string | undefined {
    const { bridge } = owned.captures ?? {};
    const isOurs = alone || (bridge !== undefined && (this.networks.has(bridge) || !interfaces.has(bridge)));
    return isOurs ? (ofOtherEra(owned, this.inventory.version) ?? this.whyGone(family, owned)) : undefined;
  }

  /**
   * What a leftover rule still does to packets, for example after yesterday's saved file was loaded: `exposure` when it
   * opens a container that does not publish the port, `outage` when it takes a port from the container that does.
   */
  diversion(family: Family, { shape, captures = {} }: OwnedRule): Diversion | undefined {
    if (shape?.id !== 'dnat' && shape?.id !== 'port-accept') return undefined;
    const opened = this.byAddress.get(canonicalBlock(captures.ip ?? ''))?.container;
    if (opened !== undefined) return { severity: 'exposure', container: opened };
    const publisher = shape.id === 'dnat' ? this.publishedAt(family, captures)?.container : undefined;
    return publisher === undefined ? undefined : { severity: 'outage', container: publisher };
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

  private whyPortGone(family: Family, shapeId: PurposeId, captures: Captures): string | undefined {
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

  /** An address that no container has, or one on another bridge than the rule names. */
  private whyAddressGone({ ip = '', bridge }: Captures): string | undefined {
    const endpoint = this.byAddress.get(canonicalBlock(ip));
    if (endpoint === undefined) return this.whereNow(ip) ?? `no running container has ${ip}`;
    return bridge === undefined || endpoint.bridge === bridge
      ? undefined
      : `${ip} is now container ${endpoint.container}'s on network ${endpoint.network}`;
  }

  /** Where the container went that was recorded with an address. */
  private whereNow(ip: string): string | undefined {
    const before = this.recordedAt(ip);
    if (before === undefined) return undefined;
    const family = familyOf(ip);
    const addresses = (this.byName.get(before) ?? []).map((endpoint) => addressIn(endpoint, family));
    const now = addresses.find((address) => address !== '');
    if (now === undefined)
      return this.inventory.unconnected.some(({ container }) => container === before)
        ? `container ${before}, which had ${ip}, is on no network`
        : notRunning(before, ip);
    return addresses.includes(ip) ? undefined : `container ${before} now has ${now}`;
  }

  /** The container that had an address when the rules were recorded. */
  private recordedAt(ip: string): string | undefined {
    return this.past.containers.find(({ address }) => sameBlock(address, ip))?.container;
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
}
