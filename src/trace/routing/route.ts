import { blockOf } from '../../net/address.ts';
import { familyOf, type Family } from '../../net/family.ts';
import { inBlock, isLinkLocal, sameAddress } from './addresses.ts';
import { linkOf, localRoutes } from './local.ts';
import { memory } from '../memory.ts';
import type { Route, RouteRule, NetworkState } from '../network-state.ts';
import { asksForPorts, endsPackets, isFor, skipsTo, type Journey } from './routing-rules.ts';

/** Where routing leads. */
export type Routing =
  /** To this machine itself, by the route of one of its addresses, or of a broadcast. */
  | { readonly kind: 'local' | 'broadcast'; readonly route: Route; readonly rule: RouteRule }
  | { readonly kind: 'unicast'; readonly route: Route; readonly rule: RouteRule }
  | {
      readonly kind: 'none';
      readonly why: 'no-route' | 'unreachable';
      readonly detail: string;
      /** The rule that ends the packet itself. */
      readonly rule?: RouteRule;
    }
  | { readonly kind: 'unknown'; readonly why: string };

const DEFAULT_RULES: readonly Omit<RouteRule, 'family'>[] = [
  { priority: 0, table: 'local', fields: { src: 'all' } },
  { priority: 32_766, table: 'main', fields: { src: 'all' } },
  { priority: 32_767, table: 'default', fields: { src: 'all' } },
];

/** Whether a table is one that every namespace asks from the beginning. */
export const isUsualTable = (table: string): boolean => DEFAULT_RULES.some((rule) => rule.table === table);

const lengthOf = (route: Route): number => blockOf(route.to)?.length ?? 0;

function isUsable(netState: NetworkState, { family, dev, flags }: Route): boolean {
  if (flags.includes('dead')) return false;
  const passed = netState.sysctls.get(`${family}/conf/${dev}/ignore_routes_with_linkdown`) === '1';
  return !(flags.includes('linkdown') && passed);
}

const best = memory<Route | string | undefined>();

/** The best route of one table: the longest prefix, then the lowest metric. */
const bestRoute = (netState: NetworkState, table: string, journey: Journey): Route | string | undefined =>
  best(netState.cutFrom ?? netState, `${journey.family} ${table} ${journey.destination}`, () =>
    chooseRoute(netState, table, journey),
  );

function chooseRoute(
  netState: NetworkState,
  table: string,
  { family, destination }: Journey,
): Route | string | undefined {
  const routes =
    table === 'local'
      ? localRoutes(netState, family)
      : netState.routes.filter((route) => route.table === table && route.family === family);
  const [best, second] = routes
    .filter((route) => inBlock(destination, blockOf(route.to)) === true && isUsable(netState, route))
    .sort((a, b) => lengthOf(b) - lengthOf(a) || a.metric - b.metric);
  const tied =
    second !== undefined &&
    best?.type === 'unicast' &&
    lengthOf(best) === lengthOf(second) &&
    best.metric === second.metric;
  if (tied && (best.dev !== second.dev || best.via !== second.via))
    return `which of several routes to ${best.to} is taken`;
  return best;
}

const ordered = memory<readonly RouteRule[]>();

/** A family's routing rules by priority. */
const rulesOf = ({ routeRules }: NetworkState, family: Family): readonly RouteRule[] =>
  ordered(routeRules, family, () => {
    const read = routeRules.filter((rule) => rule.family === family);
    const rules = read.length > 0 ? read : DEFAULT_RULES.map((rule) => ({ ...rule, family }));
    return [...rules].sort((a, b) => a.priority - b.priority);
  });

/**
 * Where a packet is routed: the rules by priority, in each table the longest prefix (ip-rule(8), fib_rules.c). Without
 * rules, the three every namespace begins with.
 */
export function lookupRoute(netState: NetworkState, journey: Journey): Routing {
  const { family } = journey;
  let from = 0;
  for (const rule of rulesOf(netState, family)) {
    if (rule.priority < from) continue;
    // The kernel adds it with the first VRF; whose packets are of none, it passes by.
    if (Object.hasOwn(rule.fields, 'l3mdev') && !isInVrf(netState, journey.inVrfOf ?? journey.inInterface))
      continue;
    const applies = isFor(rule, journey);
    if (applies === false) continue;
    if (typeof applies === 'string') return { kind: 'unknown', why: applies };
    const { action, suppress_prefixlen: suppress } = rule.fields;
    if (Object.hasOwn(rule.fields, 'nop')) continue;
    const next = skipsTo(rule);
    if (next !== undefined) {
      from = next;
      continue;
    }
    if (rule.table === '')
      return endsPackets(rule)
        ? {
            kind: 'none',
            why: 'unreachable',
            detail: `routing rule ${String(rule.priority)}: ${action ?? ''}`,
            rule,
          }
        : { kind: 'unknown', why: `a routing rule to ${action ?? 'no table'}` };
    const route = bestRoute(netState, rule.table, journey);
    if (typeof route === 'string') return { kind: 'unknown', why: route };
    if (route === undefined || route.type === 'throw') continue;
    if (suppress !== undefined && lengthOf(route) <= Number(suppress)) continue;
    return routingOf(route, rule, journey);
  }
  return { kind: 'none', why: 'no-route', detail: `no route to ${journey.destination}` };
}

/** Whether an interface is a VRF, or belongs to one. */
function isInVrf(netState: NetworkState, name: string): boolean {
  const link = linkOf(netState, name);
  return [link, linkOf(netState, link?.master ?? '')].some((one) => one?.kind === 'vrf');
}

function routingOf(route: Route, rule: RouteRule, { destination }: Journey): Routing {
  switch (route.type) {
    case 'unicast':
    case 'local':
    case 'broadcast':
      return { kind: route.type, route, rule };
    case 'anycast':
      return { kind: 'local', route, rule };
    case 'blackhole':
    case 'unreachable':
    case 'prohibit':
      return { kind: 'none', why: 'unreachable', detail: `${route.type} route to ${route.to}` };
    default:
      return { kind: 'unknown', why: `a route of type ${route.type} to ${destination}` };
  }
}

const general = memory<NetworkState>();

/**
 * Where packets to an address are routed of which nothing else is said: rules that are for a protocol or some ports alone are passed by. Without
 * a source, a mark, an interface they came in by.
 */
export function generalRoute(netState: NetworkState, destination: string): Routing {
  const state = general(netState, '', () => {
    const routeRules = netState.routeRules.filter((rule) => !asksForPorts(rule));
    return routeRules.length === netState.routeRules.length ? netState : { ...netState, routeRules };
  });
  const family = familyOf(destination);
  return lookupRoute(state, { family, source: '', destination, mark: 0, inInterface: '' });
}

/** The interface by which this host's packets leave for an address; '' where no route leads there, or which one is not known. */
export function exitFor(netState: NetworkState, destination: string): string {
  const found = generalRoute(netState, destination);
  return found.kind === 'unicast' ? found.route.dev : '';
}

/** A packet on its way out that needs an address. */
export interface Leaving {
  readonly family: Family;
  readonly destination: string;
  readonly dev: string;
  /** Whom it is sent to next, which may be the destination itself. */
  readonly nextHop: string;
}

/**
 * The address a packet gets that leaves by an interface. IPv4: the one of the next hop's subnet, else the first; none of
 * narrower scope than global (devinet.c, inet_select_addr). MASQUERADE asks for it so, and takes no notice of the
 * route's preferred source (nf_nat_masquerade.c). Undefined where it is not known.
 *
 * @returns '' where there is no suitable address
 */
export function addressFor(
  netState: NetworkState,
  { family, destination, dev, nextHop }: Leaving,
): string | undefined {
  if (family === 'ipv6') return ipv6AddressFor(netState, destination, dev);
  const own = (linkOf(netState, dev)?.addresses ?? []).filter(
    (address) => address.family === family && address.scope === 'global',
  );
  const near = own.find(
    ({ address, length }) => inBlock(nextHop, blockOf(`${address}/${String(length)}`)) === true,
  );
  if (near !== undefined || own.length > 0) return (near ?? own[0])?.address;
  // Without one of its own it borrows another interface's, and which is not known here.
  const others = netState.links.some(({ addresses }) =>
    addresses.some((address) => address.family === family && address.scope === 'global'),
  );
  return others ? undefined : '';
}

/**
 * IPv6 takes the destination itself where it is one of this machine's, else an address of the interface, else any other
 * interface's (addrconf.c, ipv6_dev_get_saddr). Which of several hangs on lifetimes and labels that are not read here.
 */
function ipv6AddressFor({ links }: NetworkState, destination: string, dev: string): string | undefined {
  const all = links.flatMap(({ name, addresses }) =>
    addresses.filter(({ family }) => family === 'ipv6').map((own) => ({ ...own, name })),
  );
  if (all.length === 0) return '';
  if (isLinkLocal(destination)) return undefined;
  if (all.some(({ address }) => sameAddress(address, destination))) return destination;
  const global = all.filter(({ scope }) => scope === 'global');
  const near = global.filter(({ name }) => name === dev);
  const able = near.length > 0 ? near : global;
  return able.length === 1 ? able[0]?.address : undefined;
}

/** The source a packet made here gets that has none yet; undefined where it is not known. */
export function sourceFor(
  netState: NetworkState,
  family: Family,
  destination: string,
  routing: Routing,
): string | undefined {
  if (routing.kind === 'none' || routing.kind === 'unknown') return undefined;
  const { prefSource, dev, via } = routing.route;
  if (prefSource !== '') return prefSource;
  if (routing.kind === 'local') return destination;
  return addressFor(netState, { family, destination, dev, nextHop: via === '' ? destination : via });
}
