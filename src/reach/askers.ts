import { familyOf, type Family } from '../net/family.ts';
import type { NetworkLink, NetworkState } from '../trace/network-state.ts';
import { lookupRoute } from '../trace/routing/route.ts';
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

/** Interfaces by which packets come from outside: they have an address and a carrier. */
export const doorsOf = (
  netState: NetworkState,
  family: Family,
  bridges: ReadonlySet<string>,
): readonly NetworkLink[] =>
  netState.links.filter(
    (link) =>
      link.name !== 'lo' &&
      link.up &&
      link.carrier &&
      link.master === '' &&
      !bridges.has(link.name) &&
      link.addresses.some((one) => one.family === family && one.scope === 'global'),
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

/** Clients by their addresses, by the interface that leads to each; none for one that no interface leads to. */
export const clientAskers = (
  netState: NetworkState,
  family: Family,
  clients: readonly string[],
): readonly OutsideAsker[] =>
  clients
    .filter((address) => familyOf(address) === family && !isOwnAddress(netState, address))
    .flatMap((address): readonly OutsideAsker[] => {
      const found = lookupRoute(netState, {
        family,
        source: '',
        destination: address,
        mark: 0,
        inInterface: '',
      });
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
