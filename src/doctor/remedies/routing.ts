import { blockOf } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { sh } from '../../shell.ts';
import type { Route, RouteRule } from '../../trace/network-state.ts';
import type { Facts } from '../facts/facts.ts';
import { bridgeNetworks, sysctlName } from '../lookup.ts';
import type { Group } from '../paths/follow.ts';
import {
  blockingRoute,
  blockingRule,
  homeOf,
  isWithin,
  leadingTo,
  ledByRule,
  type Home,
} from '../paths/routes.ts';
import { proposal, type Proposal, type RemedyStep } from './proposal.ts';

/** Sets a setting of the kernel. @param path - below /proc/sys/net */
export const setSysctl = (path: string, value: string): RemedyStep => ({
  command: sh`sysctl -w ${sysctlName(path)}=${value}`,
  change: { of: 'sysctl', path, value },
});

/** Shows the rules what bridges carry. The setting comes with its module, which switches it on; what then switches it off goes by a file. */
export const bridgeFilter = (
  path: `bridge/bridge-nf-call-${'iptables' | 'ip6tables'}`,
  { sysctls }: Facts['netState'],
): readonly RemedyStep[] => [
  ...(sysctls.has(path)
    ? []
    : [{ command: 'modprobe br_netfilter', change: { of: 'bridge-filter' } } as const]),
  setSysctl(path, '1'),
];

const ipOf = (family: Family): string => (family === 'ipv6' ? 'ip -6' : 'ip');

const deleteRoute = (route: Route): RemedyStep => {
  const where = [
    route.type === 'unicast' ? '' : `${route.type} `,
    sh`${route.to}`,
    route.via && sh` via ${route.via}`,
    route.dev && sh` dev ${route.dev}`,
    route.metric > 0 ? sh` metric ${route.metric}` : '',
  ];
  return {
    command: `${ipOf(route.family)} route del ${where.join('')}`,
    change: { of: 'route', op: 'delete', route },
  };
};

/** The route to a network's subnet, as the kernel writes it when the bridge gets its address. */
function addRoute({ subnet, bridge, gateway }: Home): RemedyStep {
  const family = subnet.includes(':') ? 'ipv6' : 'ipv4';
  const prefSource = gateway.includes(':') ? '' : gateway;
  const source = prefSource === '' ? '' : sh` proto kernel scope link src ${prefSource}`;
  const route: Route = {
    ...{ family, table: 'main', type: 'unicast', to: subnet, via: '', dev: bridge, metric: 0 },
    ...{ prefSource, flags: [] },
  };
  return {
    command: `${ipOf(family)} route add ${sh`${subnet} dev ${bridge}`}${source}`,
    change: { of: 'route', op: 'add', route },
  };
}

/** What may lead packets home that routing leads away or loses. */
export function routingProposals({ first }: Group, facts: Facts): readonly Proposal[] {
  const { outcome, path } = first;
  const { destination } = path.last;
  const { end } = path;
  const { netState } = facts;
  if (outcome.is === 'elsewhere') {
    const led = ledByRule(first, facts);
    if (led !== undefined) return askMainFirst(led.rule, led.family, facts);
    const wrong = leadingTo(destination, outcome.by, netState);
    const home = homeOf(destination, facts);
    if (wrong !== undefined && (home === undefined || isWithin(wrong.to, home.subnet)))
      return takeOut(wrong, facts);
    return home === undefined || home.bare ? [] : [proposal('restore it', addRoute(home))];
  }
  if (end.at !== 'lost') return [];
  switch (end.why) {
    case 'rp-filter':
      return [
        proposal(
          'accept them: loose mode asks only for any way back',
          setSysctl(`ipv4/conf/${path.packet.inInterface}/rp_filter`, '2'),
        ),
      ];
    case 'no-route':
    case 'unreachable': {
      const rule = blockingRule(first, netState);
      if (rule !== undefined) return pastBlocking(rule, facts);
      const blocking = blockingRoute(destination, netState);
      if (blocking !== undefined) return takeOut(blocking, facts);
      const home = homeOf(destination, facts);
      return home === undefined || home.bare ? [] : [proposal('restore it', addRoute(home))];
    }
    case 'forwarding-off':
    case 'interface-down':
    case 'martian':
    case 'hairpin':
      return [];
  }
}

/** Takes a route out; one of a table that a rule of policy routing leads to stays, and is asked later or not at all. */
function takeOut(route: Route, facts: Facts): readonly Proposal[] {
  const rule =
    route.table === 'main'
      ? undefined
      : facts.netState.routeRules.find(
          ({ table, family }) => table === route.table && family === route.family,
        );
  if (rule === undefined) return [proposal('delete the route', deleteRoute(route))];
  return [
    ...askMainFirst(rule, route.family, facts),
    proposal(`stop asking table ${route.table} first`, deleteRouteRule(rule)),
  ];
}

/** Has Docker's subnets looked up before a rule that ends packets; else takes the rule out, where no other has its priority. */
function pastBlocking(rule: RouteRule, facts: Facts): readonly Proposal[] {
  const { family, priority } = rule;
  const same = facts.netState.routeRules.filter((one) => one.family === family && one.priority === priority);
  return [
    ...askMainFirst(rule, family, facts),
    ...(same.length > 1
      ? []
      : [
          proposal(
            'if it is not meant, take the rule out, also where it is configured',
            deleteRouteRule(rule),
          ),
        ]),
  ];
}

const deleteRouteRule = (rule: RouteRule): RemedyStep => ({
  command: `${ipOf(rule.family)} rule del priority ${String(rule.priority)}`,
  change: { of: 'route-rule', op: 'delete', rule },
});

export const LEAVE_OUT = "give the rule a condition that leaves Docker's subnets out, where it is configured";

/**
 * Has the main table asked first: for Docker's subnets alone where that is enough, else for all that it knows more of than a default
 * route, as wg-quick does.
 */
function askMainFirst({ priority }: RouteRule, family: Family, facts: Facts): readonly Proposal[] {
  const own = facts.netState.routeRules.filter((one) => one.family === family);
  const taken = new Set(own.map((one) => one.priority));
  let free = priority - 1;
  while (free > 0 && taken.has(free)) free--;
  if (free <= 0) return [];
  const subnets = bridgeNetworks(facts)
    .flatMap((network) => network.subnets)
    .filter((subnet) => blockOf(subnet)?.family === family);
  const step = (words: string, fields: RouteRule['fields']): RemedyStep => ({
    command: `${ipOf(family)} rule add pref ${String(free)} ${words}`,
    change: { of: 'route-rule', op: 'add', rule: { family, priority: free, table: 'main', fields } },
  });
  const bySubnet = [...new Set(subnets)].map((subnet) =>
    step(sh`to ${subnet} lookup main`, { src: 'all', dst: subnet }),
  );
  return [
    ...(bySubnet.length === 0
      ? []
      : [
          proposal(
            `look Docker's subnets up in the main table first; permanently: ${LEAVE_OUT}`,
            ...bySubnet,
          ),
        ]),
    proposal(
      'ask the main table first for all but its default route; permanently: where the rule is configured',
      step('lookup main suppress_prefixlength 0', { src: 'all', suppress_prefixlen: '0' }),
    ),
  ];
}
