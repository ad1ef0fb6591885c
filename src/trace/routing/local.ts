import { blockOf, type AddressBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { inBlock, isMulticast, isZeronet, sameAddress } from './addresses.ts';
import { memory } from '../memory.ts';
import type { LinkAddress, NetworkLink, Route, NetworkState } from '../network-state.ts';

const named = memory<NetworkLink | undefined>();

/** The interface of a name. */
export const linkOf = ({ links }: Pick<NetworkState, 'links'>, name: string): NetworkLink | undefined =>
  named(links, name, () => links.find((link) => link.name === name));

/** Whether one of the networks of some addresses holds another. */
export const isInNetworkOf = (addresses: readonly LinkAddress[], other: string): boolean =>
  addresses.some(({ address, length }) => inBlock(other, blockOf(`${address}/${String(length)}`)) === true);

/** Whether an interface has an address itself. */
export const hasAddress = (netState: Pick<NetworkState, 'links'>, device: string, address: string): boolean =>
  linkOf(netState, device)?.addresses.some((own) => sameAddress(own.address, address)) === true;

/**
 * The routes of the table `local`; where none was read, those the kernel makes of the addresses of interfaces that are up. An IPv6
 * address has none for the second or two in which the kernel looks for duplicates of it: its route counts as there already.
 */
export const localRoutes = (netState: NetworkState, family: Family): readonly Route[] =>
  locals(netState.cutFrom ?? netState, family, () => findLocalRoutes(netState, family));

const locals = memory<readonly Route[]>();

function findLocalRoutes(netState: NetworkState, family: Family): readonly Route[] {
  const read = netState.routes.filter((route) => route.table === 'local' && route.family === family);
  if (read.length > 0 && family === 'ipv4') return read;
  const known = new Set(read.map(({ to }) => to.replace(/\/128$/, '')));
  const width = family === 'ipv4' ? 32 : 128;
  const made = netState.links
    .filter(({ up }) => up)
    .flatMap(({ name, addresses }) =>
      addresses
        .filter((own) => own.family === family && !known.has(own.address))
        .map(({ address, length }): Route => ({
          family,
          table: 'local',
          type: 'local',
          // All of 127.0.0.0/8 is this machine's.
          to:
            name === 'lo' && family === 'ipv4'
              ? `${address}/${String(length)}`
              : `${address}/${String(width)}`,
          via: '',
          dev: name,
          metric: 0,
          prefSource: address,
          flags: [],
        })),
    );
  return [...read, ...made];
}

/**
 * What kind of address it is by the table `local`: LOCAL, BROADCAST, MULTICAST, else UNICAST (fib_frontend.c,
 * inet_dev_addr_type).
 *
 * @param device - only what this interface has counts
 */
export function localType(
  netState: NetworkState,
  family: Family,
  address: string,
  device: string | undefined,
): string {
  if (isMulticast(family, address)) return 'MULTICAST';
  if (family === 'ipv4' && (isZeronet(address) || address === '255.255.255.255')) return 'BROADCAST';
  const best = bestLocal(
    netState.cutFrom ?? netState,
    `${family} ${address}`,
    () => narrowestFirst(netState, family).find(({ block }) => inBlock(address, block) === true)?.route,
  );
  if (best === undefined || (device !== undefined && best.dev !== device)) return 'UNICAST';
  return best.type === 'anycast' ? 'ANYCAST' : best.type.toUpperCase();
}

const bestLocal = memory<Route | undefined>();

interface RoutedBlock {
  readonly route: Route;
  readonly block: AddressBlock | undefined;
}

const narrowestFirst = (netState: NetworkState, family: Family): readonly RoutedBlock[] =>
  sorted(netState.cutFrom ?? netState, family, () =>
    localRoutes(netState, family)
      .map((route) => ({ route, block: blockOf(route.to) }))
      .sort((a, b) => (b.block?.length ?? 0) - (a.block?.length ?? 0)),
  );

const sorted = memory<readonly RoutedBlock[]>();

/** Whether an address is this namespace's own. */
export const isLocal = (netState: NetworkState, family: Family, address: string): boolean =>
  localType(netState, family, address, undefined) === 'LOCAL';
