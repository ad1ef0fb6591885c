import { overlap, blockOf } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import { FAR, partsOutside } from './far.ts';
import { memory } from '../trace/memory.ts';
import type { NetworkLink, NetworkState, Route } from '../trace/network-state.ts';

/** How somebody outside is called: by the address, unless it stands for everybody. */
export const outsiderName = (address: string): string =>
  Object.values<string>(FAR).includes(address) ? 'outside' : `outside (${address})`;

/** Enough to meet a route of its own for one neighbour. */
const MOST = 3;

/**
 * Addresses from which packets come in by an interface: its gateways, neighbours that have a route of their own, and,
 * where the best default route leads by it, somebody far away, and somebody of each large part of the address space that a rule names.
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
  const defaults = routes.filter(({ to }) => to.endsWith('/0')).sort((a, b) => a.metric - b.metric);
  const gateways = routes.filter(({ dev, via }) => dev === link.name && via !== '').map(({ via }) => via);
  const near = neighboursOf(link, family, routes);
  const far = defaults[0]?.dev === link.name ? [FAR[family]] : [];
  const all = [...new Set([...far, ...gateways, ...near])].slice(0, MOST);
  const parts = far.length === 0 ? [] : partsOutside(netState, family);
  return all.length > 0 ? [...all, ...parts] : nextTo(link, family);
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

/** The first other address of an interface's own IPv4 subnet, where no route names anybody. */
function nextTo({ addresses }: NetworkLink, family: Family): readonly string[] {
  const own = addresses.find((one) => one.family === family && one.scope === 'global');
  if (own === undefined || family === 'ipv6') return [];
  const parts = own.address.split('.');
  const last = Number(parts[3]);
  return own.length > 30
    ? []
    : [[...parts.slice(0, 3), String(last % 4 === 1 ? last + 1 : last - (last % 4) + 1)].join('.')];
}
