import { blockOf, overlap } from '../../net/address.ts';
import { familyOf, type Family } from '../../net/family.ts';
import type { NetworkState, Route, RouteRule } from '../../trace/network-state.ts';
import { inBlock } from '../../trace/routing/addresses.ts';
import { isUsualTable, lookupRoute } from '../../trace/routing/route.ts';
import { endsPackets, skipsTo } from '../../trace/routing/routing-rules.ts';
import type { Facts } from '../facts/facts.ts';
import { isBare, linkOf } from '../lookup.ts';
import type { Followed } from './follow.ts';

/** The network that holds an address. */
export interface Home {
  readonly name: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly gateway: string;
  /** By design this host has no address there. */
  readonly bare: boolean;
}

/** The network that holds an address: its bridge, subnet and gateway. */
export function homeOf(
  address: string,
  { networks, netState }: Pick<Facts, 'networks' | 'netState'>,
): Home | undefined {
  for (const network of networks)
    for (const [i, subnet] of network.subnets.entries()) {
      const { name, bridge, gateways } = network;
      if (bridge === '' || inBlock(address, blockOf(subnet)) !== true) continue;
      const gateway = gatewayOn(subnet, bridge, gateways[i] ?? '', netState);
      return { name, bridge, subnet, gateway, bare: isBare(network, familyOf(address)) };
    }
  return undefined;
}

/** The bridge's address in a subnet; else the gateway the Engine reports, which not every Engine does. */
function gatewayOn(subnet: string, bridge: string, gateway: string, netState: NetworkState): string {
  const own = linkOf(netState, bridge)?.addresses.find(
    ({ address }) => inBlock(address, blockOf(subnet)) === true,
  );
  return own?.address ?? gateway.replace(/\/.*$/, '');
}

/** Routes that hold an address, the one that wins first. */
export function holding(address: string, { routes }: Pick<NetworkState, 'routes'>): readonly Route[] {
  const one = blockOf(address);
  return routes
    .flatMap((route) => {
      const block = blockOf(route.to);
      return one !== undefined && block !== undefined && overlap(block, one)
        ? [{ route, length: block.length }]
        : [];
    })
    .sort((a, b) => b.length - a.length || a.route.metric - b.route.metric)
    .map(({ route }) => route);
}

/** The route by which an address is led to an interface; undefined where none holds it. */
export const leadingTo = (address: string, dev: string, netState: NetworkState): Route | undefined =>
  holding(address, netState).find((route) => route.dev === dev && route.table !== 'local');

/** The route that ends packets for an address. */
export const blockingRoute = (address: string, netState: NetworkState): Route | undefined =>
  holding(address, netState).find(({ type }) =>
    ['blackhole', 'unreachable', 'prohibit', 'throw'].includes(type),
  );

/** Whether a route is for a subnet, or a part of it, and not for more besides. */
export function isWithin(to: string, subnet: string): boolean {
  const [route, block] = [blockOf(to), blockOf(subnet)];
  return route !== undefined && block !== undefined && overlap(route, block) && route.length >= block.length;
}

/** A rule of policy routing, and the route of its table that packets take. */
export interface LedAway {
  readonly rule: RouteRule;
  readonly route: string;
  readonly family: Family;
}

/**
 * The rule of policy routing by which a path is led to another interface than its goal's; undefined where the main table does that,
 * or a route for a part of a network's subnet, which is an overlap whatever asks for it.
 */
export function ledByRule(
  followed: Followed,
  { netState, networks }: Pick<Facts, 'netState' | 'networks'>,
): LedAway | undefined {
  const { family } = followed.path.last;
  const found = routingOf(followed, netState);
  if (found.kind !== 'unicast' || isUsualTable(found.rule.table)) return undefined;
  const { dev, to, via } = found.route;
  const covers = networks.flatMap(({ subnets }) => subnets).some((subnet) => isWithin(to, subnet));
  if (covers) return undefined;
  const route = `${/\/0$/.test(to) ? 'default' : to}${via === '' ? '' : ` via ${via}`} dev ${dev}`;
  return { rule: found.rule, route, family };
}

/**
 * The rule of policy routing that ends a path itself: blackhole, unreachable or prohibit. One of the last resort, behind which no route
 * leads on, ends nothing that was not lost: undefined for it.
 */
export function blockingRule(followed: Followed, netState: NetworkState): RouteRule | undefined {
  const found = routingOf(followed, netState);
  if (found.kind !== 'none' || found.rule === undefined) return undefined;
  const without: NetworkState = {
    ...netState,
    cutFrom: netState.cutFrom ?? netState,
    // One that skips the main table leads to it: without both the route is found.
    routeRules: netState.routeRules.filter((rule) => !endsPackets(rule) && skipsTo(rule) === undefined),
  };
  return routingOf(followed, without).kind === 'none' ? undefined : found.rule;
}

/** It is routed before its source is translated, and a packet made here with the source it got. */
function routingOf(
  { path: { packet, last } }: Followed,
  netState: NetworkState,
): ReturnType<typeof lookupRoute> {
  const { family, destination, mark, protocol, destinationPort } = last;
  const { inInterface } = packet;
  const { source, sourcePort } = inInterface === '' ? last : packet;
  return lookupRoute(netState, {
    ...{ family, source, destination, mark, inInterface },
    ...{ protocol, sourcePort, destinationPort },
  });
}
