import type { Family } from '../net/family.ts';
import type { NetworkLink, NetworkState } from '../trace/network-state.ts';
import type { Alike } from './alike.ts';
import type { Asker, Spot } from './cell.ts';
import { isOwnAddress } from './goal.ts';
import { isNobodys, outsidersOf } from './outsiders.ts';

/** Somebody outside for each interface that has an address and a carrier, by every way packets come in by it. */
export function outsideAskers(netState: NetworkState, family: Family, bridges: ReadonlySet<string>) {
  const isDoor = ({ name, up, carrier, master, addresses }: NetworkLink): boolean =>
    name !== 'lo' &&
    up &&
    carrier &&
    master === '' &&
    !bridges.has(name) &&
    addresses.some((one) => one.family === family && one.scope === 'global');
  return netState.links.filter(isDoor).flatMap((link) =>
    outsidersOf(link, family, { netState })
      .filter((address) => !isOwnAddress(netState, address))
      .map((address) => ({
        by: 'outside' as const,
        interface: link.name,
        address,
        from: isNobodys(address) ? ('beyond' as const) : ('link' as const),
      })),
  );
}

/** By network, and class of asker: some of its containers. */
type Askers = ReadonlyMap<string, readonly (readonly Spot[])[]>;

export function askingSpots(spots: readonly Spot[], alike: Alike): Askers {
  const found = new Map<string, Map<number, readonly Spot[]>>();
  for (const spot of spots) {
    const classes = found.get(spot.bridge) ?? new Map<number, readonly Spot[]>();
    found.set(spot.bridge, classes);
    const { id } = alike.classOf({ address: spot.address, port: 0, hostPort: 0 });
    classes.set(id, [...(classes.get(id) ?? []), spot].slice(0, ENOUGH));
  }
  return new Map([...found].map(([bridge, classes]) => [bridge, [...classes.values()]]));
}

/** So many of a class that one of them is most likely neither the container asked nor on its network. */
const ENOUGH = 4;

export function containerAskers(
  to: Spot,
  asking: Askers,
  networksOf: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Asker[] {
  return [...asking].flatMap(([bridge, classes]) =>
    classes.flatMap((all): readonly Asker[] => {
      const isSame = bridge === to.bridge;
      const spot = all.find(({ container }) =>
        // A container asks one of its own networks there, not by way of another.
        isSame ? container !== to.container : networksOf.get(container)?.has(to.bridge) !== true,
      );
      return spot === undefined
        ? []
        : [{ by: 'container', spot, is: isSame ? 'same-network' : 'other-network' }];
    }),
  );
}

/** By container: the bridges it is on. */
export function bridgesByContainer(spots: readonly Spot[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { container, bridge } of spots) {
    const bridges = found.get(container) ?? new Set<string>();
    found.set(container, bridges.add(bridge));
  }
  return found;
}
