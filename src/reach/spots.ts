import type { ProxiedPort, PublishedIntent } from '../docker/intent/values.ts';
import { MESH } from '../docker/inventory/container.ts';
import { addressIn, type Endpoint, type PublishedPort } from '../docker/inventory/inventory.ts';
import { bridgesIn } from '../docker/inventory/set-aside.ts';
import { isAny, isLoopback } from '../net/address.ts';
import { familyOf, type Family } from '../net/family.ts';
import type { NetworkState } from '../trace/network-state.ts';
import { lookupRoute } from '../trace/routing/route.ts';
import { lostDoors } from './askers.ts';
import type { Spot } from './cell.ts';
import { isOwnAddress } from './goal.ts';
import type { Promises } from './should.ts';
import type { Terrain } from './terrain.ts';

/** Places of containers on networks that Docker means something for; the routing mesh's own is not a container's. */
export function spotsOf(endpoints: readonly Endpoint[], { networks, intent }: Promises): readonly Spot[] {
  return endpoints.flatMap((endpoint) => {
    const { container, network, bridge } = endpoint;
    const address = addressIn(endpoint, intent.family);
    return address === '' || container === MESH || !networks.has(bridge)
      ? []
      : [{ container, network, bridge, address }];
  });
}

export interface PublishedSpot {
  readonly spot: Spot;
  readonly port: PublishedPort;
  readonly intent: PublishedIntent;
}

export function publishedSpots(
  ports: readonly PublishedPort[],
  spots: readonly Spot[],
  { intent }: Promises,
): readonly PublishedSpot[] {
  const byPlace = new Map(spots.map((spot) => [`${spot.bridge} ${spot.address}`, spot]));
  const meant = new Map(
    intent.published.map((one) => [
      intentKey(one.bridge, one.address, one.port, one.proto, one.binding),
      one,
    ]),
  );
  return ports.flatMap((port) => {
    if (port.endpoint === undefined || familyOf(port.hostIp) !== intent.family) return [];
    const address = addressIn(port.endpoint, intent.family);
    const spot = byPlace.get(`${port.endpoint.bridge} ${address}`);
    const binding =
      port.hostPort === undefined
        ? undefined
        : { address: isAny(port.hostIp) ? '' : port.hostIp, port: port.hostPort };
    const found =
      meant.get(intentKey(port.endpoint.bridge, address, port.port, port.proto, binding)) ??
      meant.get(intentKey(port.endpoint.bridge, address, port.port, port.proto, undefined));
    return spot === undefined || found === undefined ? [] : [{ spot, port, intent: found }];
  });
}

/** A port that docker-proxy alone serves, by IPv6, the place of its container in IPv4, and the addresses of this host by which it is asked. */
export interface ProxiedSpot {
  readonly spot: Spot;
  readonly proxied: ProxiedPort;
  readonly addresses: readonly string[];
}

/** Every such port of a host. Where IPv6 is turned off, its loopback address is not there either. */
export function proxiedSpots({
  inventory,
  intent,
  netState,
}: Pick<Terrain, 'inventory' | 'intent' | 'netState'>): readonly ProxiedSpot[] {
  const hosts = hostAddresses(netState, 'ipv6', inventory);
  return intent.proxied.flatMap((proxied) => {
    const { address, bridge, binding } = proxied;
    const one = inventory.endpoints.find((place) => place.bridge === bridge && place.ipv4 === address);
    const addresses = boundTo(binding.address, hosts, 'ipv6').filter(
      (at) => !isLoopback(at) || isOwnAddress(netState, at),
    );
    return one === undefined
      ? []
      : [{ spot: { container: one.container, network: one.network, bridge, address }, proxied, addresses }];
  });
}

const intentKey = (
  bridge: string,
  address: string,
  port: number,
  proto: string,
  binding: { readonly address: string; readonly port: number } | undefined,
): string => [bridge, address, port, proto, binding?.address ?? '-', binding?.port ?? '-'].join(' ');

/** Addresses of this host by which a port is asked. */
export function addressesOf(
  { hostIp, hostPort }: PublishedPort,
  { binding }: PublishedIntent,
  hosts: readonly string[],
  family: Family,
): readonly string[] {
  if (hostPort === undefined || binding === undefined) return [];
  return boundTo(isAny(hostIp) ? '' : hostIp, hosts, family);
}

/** @param address - '' for every address of this host */
const boundTo = (address: string, hosts: readonly string[], family: Family): readonly string[] =>
  address === '' ? [...hosts, family === 'ipv4' ? '127.0.0.1' : '::1'] : [address];

/** Addresses of this host but those on Docker's bridges and on lo. Those of an interface that is down count where it was the way out. */
export function hostAddresses(
  netState: NetworkState,
  family: Family,
  inventory: Terrain['inventory'],
): readonly string[] {
  const bridges = bridgesIn(inventory);
  const lost = lostDoors(netState, bridges);
  return netState.links
    .filter((link) => (link.up || lost.includes(link)) && link.name !== 'lo' && !bridges.has(link.name))
    .flatMap(({ addresses }) =>
      addresses
        .filter((one) => one.family === family && one.scope === 'global')
        .map(({ address }) => address),
    );
}

/** Whether this host itself has a route to an address: where it has none at all, that is no trouble of its containers alone. */
export function hasRoute(netState: NetworkState, family: Family, destination: string): boolean {
  const found = lookupRoute(netState, { family, source: '', destination, mark: 0, inInterface: '' });
  return found.kind !== 'none' || found.why !== 'no-route';
}
