import { familyOf, type Family } from '../net/family.ts';
import type { NetworkLink, NetworkState } from '../trace/network-state.ts';
import { generalRoute } from '../trace/routing/route.ts';
import type { End } from './alike/end.ts';
import type { Asker, Spot } from './cell.ts';
import { isOwnAddress } from './goal.ts';
import { isNobodys } from './far.ts';
import { outsidersOf } from './outsiders.ts';

export type OutsideAsker = Extract<Asker, { readonly by: 'outside' }>;

/** By network, and class of asker: some of its containers. */
type AskingSpots = ReadonlyMap<string, readonly (readonly Spot[])[]>;

/** Who asks on a host, in one family, beside the host itself. */
export interface Asking {
  readonly outside: readonly OutsideAsker[];
  readonly containers: AskingSpots;
}

/** The askers of several, each once. */
export const allAsking = (some: readonly Asking[]): Asking => ({
  outside: distinctBy(
    some.flatMap(({ outside }) => outside),
    ({ interface: by, address }) => `${by} ${address}`,
  ),
  containers: new Map(
    [...new Set(some.flatMap(({ containers }) => [...containers.keys()]))].map((bridge) => [
      bridge,
      distinctBy(
        some.flatMap(({ containers }) => containers.get(bridge) ?? []),
        (spots) => spots.map(({ address }) => address).join(' '),
      ),
    ]),
  ),
});

const distinctBy = <Value>(values: readonly Value[], keyOf: (value: Value) => string): readonly Value[] => [
  ...new Map(values.map((value) => [keyOf(value), value])).values(),
];

/**
 * Interfaces by which packets come from outside: they have an address and a carrier. Where no default route leads anywhere, also those that
 * should and cannot: see {@link lostDoors}.
 */
export const doorsOf = (
  netState: NetworkState,
  family: Family,
  bridges: ReadonlySet<string>,
): readonly NetworkLink[] => {
  const lost = lostDoors(netState, bridges);
  return netState.links.filter(
    (link) =>
      isHosts(link, bridges) &&
      (isAlive(link) || lost.includes(link)) &&
      link.addresses.some((one) => one.family === family && one.scope === 'global'),
  );
};

/** Whether an interface is the host's own: neither Docker's bridge, nor a port of a bridge or a bond. */
const isHosts = ({ name, master }: NetworkLink, bridges: ReadonlySet<string>): boolean =>
  name !== 'lo' && master === '' && !bridges.has(name);

const isAlive = ({ up, carrier }: NetworkLink): boolean => up && carrier;

/** Interfaces that somebody gave an address, and by which nothing comes or goes: they are down, or without a carrier. */
export const deadDoors = (netState: NetworkState, bridges: ReadonlySet<string>): readonly NetworkLink[] =>
  netState.links.filter(
    (link) =>
      isHosts(link, bridges) &&
      !isAlive(link) &&
      !isOfGuests(link, netState) &&
      link.addresses.some(({ scope }) => scope === 'global'),
  );

/** Of these, where no default route leads out: it went with them. */
export const lostDoors = (netState: NetworkState, bridges: ReadonlySet<string>): readonly NetworkLink[] =>
  hasWayOut(netState) ? [] : deadDoors(netState, bridges);

/** Whether a default route leads out, of either family, by an interface that works. A host of one network alone has none, and needs none. */
const hasWayOut = ({ routes, links }: NetworkState): boolean =>
  routes.some(
    ({ to, type, dev }) =>
      to.endsWith('/0') && type === 'unicast' && links.some((link) => link.name === dev && isAlive(link)),
  );

/** Kinds of the ports that a bridge of containers or virtual machines has. */
const GUEST_PORTS: ReadonlySet<string> = new Set(['veth', 'tun']);

/**
 * Whether an interface is a bridge of another Engine's containers, or of virtual machines: those are on this host, not outside. A bridge
 * that holds an uplink, or that a gateway is behind, is none.
 */
const isOfGuests = ({ name, kind }: NetworkLink, { links, routes }: NetworkState): boolean =>
  kind === 'bridge' &&
  !routes.some(({ dev, via }) => dev === name && via !== '') &&
  links.every((port) => port.master !== name || GUEST_PORTS.has(port.kind));

/** Somebody outside for each interface that has an address and a carrier, by every way packets come in by it. */
export const outsideAskers = (
  netState: NetworkState,
  family: Family,
  doors: readonly NetworkLink[],
): readonly OutsideAsker[] =>
  doors.flatMap((link) =>
    outsidersOf(link, family, { netState })
      .filter((address) => !isOwnAddress(netState, address))
      .map((address): OutsideAsker => ({
        by: 'outside',
        interface: link.name,
        address,
        from: isOfGuests(link, netState) ? 'guests' : isNobodys(address) ? 'beyond' : 'link',
      })),
  );

/**
 * Clients by their addresses, by the interface that leads to each. One to whom nothing leads may come in by any door, and is never answered;
 * one whose way is blocked or not known asks by none.
 */
export const clientAskers = (
  netState: NetworkState,
  family: Family,
  clients: readonly string[],
  doors: readonly NetworkLink[],
): readonly OutsideAsker[] =>
  clients
    .filter((address) => familyOf(address) === family && !isOwnAddress(netState, address))
    .flatMap((address): readonly OutsideAsker[] => {
      const found = generalRoute(netState, address);
      if (found.kind === 'none' && found.why === 'no-route')
        return doors.map(({ name }) => ({ by: 'outside', interface: name, address, from: 'beyond' }));
      if (found.kind !== 'unicast') return [];
      const { dev, via } = found.route;
      return [{ by: 'outside', interface: dev, address, from: via === '' ? 'link' : 'beyond' }];
    });

/** @param named - containers that ask themselves, whoever fares alike */
export function askingSpots(
  spots: readonly Spot[],
  classify: (end: End) => string,
  named: ReadonlySet<string> = new Set(),
): AskingSpots {
  const found = new Map<string, Map<string, readonly Spot[]>>();
  for (const spot of spots) {
    const classes = found.get(spot.bridge) ?? new Map<string, readonly Spot[]>();
    found.set(spot.bridge, classes);
    const alike = classify({ address: spot.address, port: 0, hostPort: 0 });
    const id = named.has(spot.container) ? `${alike} ${spot.container}` : alike;
    classes.set(id, [...(classes.get(id) ?? []), spot].slice(0, ENOUGH));
  }
  return new Map([...found].map(([bridge, classes]) => [bridge, [...classes.values()]]));
}

/** So many of a class that one of them is most likely neither the container asked nor on its network. */
const ENOUGH = 4;

/** By container: the bridges it is on. */
export function bridgesByContainer(spots: readonly Spot[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { container, bridge } of spots) {
    const bridges = found.get(container) ?? new Set<string>();
    found.set(container, bridges.add(bridge));
  }
  return found;
}
