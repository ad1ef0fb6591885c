import { overlap, blockOf } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import { addressOf, FAR, partsOutside } from './far.ts';
import { memory } from '../trace/memory.ts';
import type { NetworkLink, NetworkState, Route } from '../trace/network-state.ts';

/** How somebody outside is called: by the address, unless it stands for everybody. */
export const outsiderName = (address: string): string =>
  Object.values<string>(FAR).includes(address) ? 'outside' : `outside (${address})`;

/** Enough to meet a route of its own for one neighbour. */
const MOST = 3;

/**
 * Addresses from which packets come in by an interface: its gateways, neighbours that have a route of their own, and,
 * where a default route leads by it, somebody far away, and somebody of each large part of the address space that a rule names.
 */
export const outsidersOf = (
  link: NetworkLink,
  family: Family,
  { netState }: { readonly netState: NetworkState },
): readonly string[] =>
  found(netState, `${family} ${link.name}`, () => findOutsiders(link, family, netState));

const found = memory<readonly string[]>();

function findOutsiders(link: NetworkLink, family: Family, netState: NetworkState): readonly string[] {
  const routes = netState.routes.filter(
    (route) => route.family === family && route.type === 'unicast' && route.table === 'main',
  );
  const gateways = routes.filter(({ dev, via }) => dev === link.name && via !== '').map(({ via }) => via);
  const near = neighboursOf(link, family, routes);
  const far = isUplink(link, family, netState) ? [FAR[family]] : [];
  const all = [...new Set([...far, ...gateways, ...near])].slice(0, MOST);
  const parts = far.length === 0 ? [] : partsOutside(netState, family);
  return all.length > 0 ? [...all, ...parts] : nextTo(link, family);
}

/**
 * Whether a default route leads by an interface: the best one or, by a gateway, one of another metric or of a table that a rule of routing
 * looks up. What leads into a tunnel without a gateway is no way by which everybody comes.
 */
function isUplink({ name }: NetworkLink, family: Family, { routes, routeRules }: NetworkState): boolean {
  const tables = new Set([
    'main',
    ...routeRules.flatMap((one) => (one.family === family ? [one.table] : [])),
  ]);
  const defaults = routes
    .filter((one) => one.family === family && one.type === 'unicast' && one.to.endsWith('/0'))
    .sort((a, b) => a.metric - b.metric);
  const best = defaults.find(({ table }) => table === 'main');
  return (
    best?.dev === name ||
    defaults.some(({ dev, via, table }) => dev === name && via !== '' && tables.has(table))
  );
}

/** Hosts of an interface's own subnet that are routed apart from it. */
function neighboursOf(
  { addresses, name }: NetworkLink,
  family: Family,
  routes: readonly Route[],
): readonly string[] {
  const subnets = addresses
    .filter((one) => one.family === family && one.scope === 'global')
    .flatMap(({ address, length }) => blockOf(`${address}/${String(length)}`) ?? []);
  return routes.flatMap(({ to, dev }) => {
    const block = blockOf(to);
    const isHost = block?.length === (family === 'ipv4' ? 32 : 128);
    return block !== undefined && isHost && dev !== name && subnets.some((subnet) => overlap(subnet, block))
      ? [to.replace(/\/.*$/, '')]
      : [];
  });
}

/** Another address of an interface's own subnet, where no route names anybody. */
function nextTo({ addresses }: NetworkLink, family: Family): readonly string[] {
  const own = addresses.find((one) => one.family === family && one.scope === 'global');
  const base = own === undefined ? undefined : blockOf(own.address)?.base;
  if (own === undefined || base === undefined || own.length > (family === 'ipv4' ? 30 : 126)) return [];
  const last = base & 3n;
  // Neither the subnet's first address nor its last.
  return [addressOf(family, last === 1n ? base + 1n : base - last + 1n)];
}
