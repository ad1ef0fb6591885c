import type { PublishedIntent } from '../docker/intent/values.ts';
import { addressIn, type Endpoint, type PublishedPort } from '../docker/inventory/inventory.ts';
import { MESH } from '../docker/inventory/container.ts';
import { isAny, isLoopback } from '../net/address.ts';
import { familyOf, type Family } from '../net/family.ts';
import type { NetworkState } from '../trace/network-state.ts';
import type { Alike } from './alike.ts';
import type { AskedFor, Asker, Cell, Spot } from './cell.ts';
import {
  askingSpots,
  bridgesByContainer,
  containerAskers,
  doorsOf,
  outsideAskers,
  type Asking,
  type OutsideAsker,
} from './askers.ts';
import type { Promises } from './should.ts';
import type { Terrain } from './terrain.ts';

/** Somebody asks something; what is meant for the port, where a published one is asked. */
export interface Question {
  readonly asker: Asker;
  readonly asked: AskedFor;
  readonly proto: Cell['proto'];
  readonly published: PublishedIntent | undefined;
}

type ContainerAsked = Extract<AskedFor, { readonly spot: Spot }>;

/** The first of these that a container does not publish stands for all that it does not publish. */
const UNPUBLISHED = { tcp: [81, 82, 83, 84, 85], udp: [5353, 5354, 5355, 5356, 5357] } as const;

/** Who asks on this host: outside by each interface that is a door, and of containers that must fare alike one of each network. */
export const askingOf = ({ inventory, netState }: Terrain, promises: Promises, alike: Alike): Asking => {
  const { family } = promises.intent;
  return {
    outside: outsideAskers(netState, family, doors({ inventory, netState }, family)),
    containers: askingSpots(spotsOf(inventory.endpoints, promises), alike),
  };
};

const doors = ({ inventory, netState }: Pick<Terrain, 'inventory' | 'netState'>, family: Family) =>
  doorsOf(netState, family, new Set(inventory.networks.map(({ bridge }) => bridge)));

/**
 * Every question of one family.
 *
 * @param asking - who asks; of those outside only they whose interface is a door here
 */
export function questionsOf(terrain: Terrain, promises: Promises, asking: Asking): readonly Question[] {
  const { inventory, netState } = terrain;
  const { family } = promises.intent;
  const spots = spotsOf(inventory.endpoints, promises);
  const open = new Set(doors(terrain, family).map(({ name }) => name));
  const outside = asking.outside.filter((asker) => open.has(asker.interface));
  const bridgesOf = bridgesByContainer(spots);
  const askers = new Map(
    spots.map(
      (spot) => [spot, [...outside, HOST, ...containerAskers(spot, asking.containers, bridgesOf)]] as const,
    ),
  );
  const askersOf = (spot: Spot): readonly Asker[] => askers.get(spot) ?? [];
  const hosts = hostAddresses(netState, family, inventory.networks);
  const ports = publishedSpots(inventory.ports, spots, promises);
  const published = ports.flatMap(({ spot, port, intent }) => {
    const { proto } = port;
    const self: Asker = { by: 'container', spot, is: 'itself' };
    const direct: ContainerAsked = { what: 'own-port', spot, port: port.port };
    return [
      ...addressesOf(port, intent, hosts, family).flatMap((at): readonly Question[] => {
        const asked: AskedFor = {
          what: 'published',
          spot,
          port: port.port,
          at,
          hostPort: port.hostPort ?? 0,
        };
        const all = [...askersOf(spot), self].filter(({ by }) => by !== 'container' || !isLoopback(at));
        return all.map((asker) => ({ asker, asked, proto, published: intent }));
      }),
      ...askersOf(spot).map((asker): Question => ({ asker, asked: direct, proto, published: intent })),
    ];
  });
  const taken = new Set(ports.map(({ spot, port }) => `${spot.address} ${port.proto} ${String(port.port)}`));
  const unpublished = spots.flatMap((spot) =>
    (['tcp', 'udp'] as const).flatMap((proto) => {
      const port =
        UNPUBLISHED[proto].find((one) => !taken.has(`${spot.address} ${proto} ${String(one)}`)) ?? 1;
      const asked: AskedFor = { what: 'unpublished', spot, port };
      return askersOf(spot).map((asker): Question => ({ asker, asked, proto, published: undefined }));
    }),
  );
  return [...distinct(published), ...unpublished, ...outwards(spots, outside, terrain, family)];
}

const HOST: Asker = { by: 'host' };

/** A port is published on several addresses, and asked at the container's own once. */
function distinct(questions: readonly Question[]): readonly Question[] {
  const seen = new Set<string>();
  return questions.filter(({ asker, asked, proto }) => {
    if (asked.what !== 'own-port') return true;
    const who =
      asker.by === 'outside'
        ? `${asker.interface} ${asker.address}`
        : asker.by === 'host'
          ? ''
          : asker.spot.address;
    const key = `${who} ${asked.spot.address} ${String(asked.port)} ${proto}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Containers to the outside, and to their name servers. */
function outwards(
  spots: readonly Spot[],
  outside: readonly OutsideAsker[],
  { nameServers }: Terrain,
  family: Family,
): readonly Question[] {
  const far = [...new Set(outside.map(({ address }) => address))];
  const servers = nameServers.filter((one) => familyOf(one) === family && !isLoopback(one));
  return spots.flatMap((spot) => {
    const asker: Asker = { by: 'container', spot, is: 'none' };
    return [
      ...far.flatMap((address) =>
        (['tcp', 'udp'] as const).map((proto): Question => ({
          asker,
          asked: { what: 'outside', address },
          proto,
          published: undefined,
        })),
      ),
      ...servers.map((address): Question => ({
        asker,
        asked: { what: 'name-server', address },
        proto: 'udp',
        published: undefined,
      })),
    ];
  });
}

/** Places of containers on networks that Docker means something for; the routing mesh's own is not a container's. */
function spotsOf(endpoints: readonly Endpoint[], { networks, intent }: Promises): readonly Spot[] {
  return endpoints.flatMap((endpoint) => {
    const { container, network, bridge } = endpoint;
    const address = addressIn(endpoint, intent.family);
    return address === '' || container === MESH || !networks.has(bridge)
      ? []
      : [{ container, network, bridge, address }];
  });
}

interface PublishedSpot {
  readonly spot: Spot;
  readonly port: PublishedPort;
  readonly intent: PublishedIntent;
}

function publishedSpots(
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

const intentKey = (
  bridge: string,
  address: string,
  port: number,
  proto: string,
  binding: { readonly address: string; readonly port: number } | undefined,
): string => [bridge, address, port, proto, binding?.address ?? '-', binding?.port ?? '-'].join(' ');

/** Addresses of this host by which a port is asked. */
function addressesOf(
  { hostIp, hostPort }: PublishedPort,
  { binding }: PublishedIntent,
  hosts: readonly string[],
  family: Family,
): readonly string[] {
  if (hostPort === undefined || binding === undefined) return [];
  if (!isAny(hostIp)) return [hostIp];
  return [...hosts, family === 'ipv4' ? '127.0.0.1' : '::1'];
}

/** Addresses of this host but those on Docker's bridges and on lo. */
function hostAddresses(
  { links }: NetworkState,
  family: Family,
  networks: Terrain['inventory']['networks'],
): readonly string[] {
  const bridges = new Set(networks.map(({ bridge }) => bridge));
  return links
    .filter(({ name, up }) => up && name !== 'lo' && !bridges.has(name))
    .flatMap(({ addresses }) =>
      addresses
        .filter((one) => one.family === family && one.scope === 'global')
        .map(({ address }) => address),
    );
}
