import { sh } from '../../../shell.ts';
import { overlap, blockOf } from '../../../net/address.ts';
import { inBlock } from '../../../trace/routing/addresses.ts';
import type { Route, RouteRule, NetworkState } from '../../../trace/network-state.ts';
import { advise, checksOf, byCommands } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import { linkOf } from '../../lookup.ts';
import type { Facts } from '../../facts/facts.ts';
import { namesOf, pathLines, type Followed } from '../../paths/follow.ts';
import { judgeRoutingRule, ledByRule } from './routing-rule.ts';

const { fail } = checksOf('host');

/** Where routing leads packets the wrong way, or nowhere. */
export function judgeRouting(followed: readonly Followed[], facts: Facts): Check {
  const [first] = followed;
  const end = first?.path.end;
  const destination = first?.path.last.destination ?? '';
  const facets = { about: namesOf(followed), impairs: first?.request.subjects ?? [] };
  const paths = pathLines(followed);
  if (first?.outcome.is === 'elsewhere') {
    const rule = ledByRule(first, facts);
    if (rule !== undefined)
      return judgeRoutingRule(rule, [first, ...followed.slice(1)], facts, { ...facets, paths });
    return wrongWay(destination, first.outcome.by, facts, { ...facets, paths });
  }
  if (end?.at !== 'lost') return fail('route-lost', 'routing loses packets', { ...facets, evidence: paths });
  switch (end.why) {
    case 'rp-filter':
      return reversePath(first?.path.packet.inInterface ?? '', end.detail, { ...facets, paths });
    case 'no-route':
    case 'unreachable':
      return nowhere(destination, end.detail, facts, { ...facets, paths });
    case 'forwarding-off':
    case 'interface-down':
    case 'martian':
    case 'hairpin':
      return fail('route-lost', `the kernel drops packets for ${facets.about}: ${end.detail}`, {
        ...facets,
        evidence: [end.detail, ...paths],
      });
  }
}

interface RoutingDetails {
  readonly about: string;
  readonly impairs: readonly string[];
  readonly paths: readonly string[];
}

function reversePath(dev: string, detail: string, { paths, ...facets }: RoutingDetails): Check {
  return fail('rp-filter', `${dev} drops packets whose way back leads elsewhere (rp_filter is strict)`, {
    ...facets,
    meaning: 'clients on that side get no answer, and no rule counts their packets',
    evidence: [detail, ...paths],
    remedies: [
      byCommands(
        'accept them: loose mode asks only for any way back',
        sh`sysctl -w ${`net/ipv4/conf/${dev}/rp_filter`}=2`,
      ),
      advise('or correct the route, so that replies leave where requests come in'),
    ],
  });
}

/** The network that holds an address: its bridge, subnet and gateway. */
export function homeOf(
  address: string,
  { networks, netState }: Facts,
):
  | { readonly name: string; readonly bridge: string; readonly subnet: string; readonly gateway: string }
  | undefined {
  for (const { name, bridge, subnets, gateways } of networks)
    for (const [i, subnet] of subnets.entries())
      if (bridge !== '' && inBlock(address, blockOf(subnet)) === true)
        return { name, bridge, subnet, gateway: gatewayOn(subnet, bridge, gateways[i] ?? '', netState) };
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
function holding(address: string, { routes }: NetworkState): readonly Route[] {
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

const spell = ({ type: kind, to, via, dev, table, metric }: Route): string =>
  [
    kind === 'unicast' ? '' : kind,
    to,
    via && `via ${via}`,
    dev && `dev ${dev}`,
    table !== 'main' && `table ${table}`,
    metric > 0 && `metric ${String(metric)}`,
  ]
    .filter(Boolean)
    .join(' ');

const family = (address: string): string => (address.includes(':') ? '-6 ' : '');

/** Takes a route out; one of a table that a rule of policy routing leads to stays, and its rule goes. */
function takeOut(route: Route, rules: readonly RouteRule[]): Remedy {
  const flag = family(route.to);
  const rule =
    route.table === 'main'
      ? undefined
      : rules.find(({ table, family: of }) => table === route.table && of === route.family);
  if (rule !== undefined)
    return byCommands(
      `stop asking table ${route.table} first`,
      `ip ${flag}rule del priority ${String(rule.priority)}`,
    );
  const where = [
    route.type === 'unicast' ? '' : `${route.type} `,
    sh`${route.to}`,
    route.via && sh` via ${route.via}`,
    route.dev && sh` dev ${route.dev}`,
    route.metric > 0 ? sh` metric ${route.metric}` : '',
  ];
  return byCommands('delete the route', `ip ${flag}route del ${where.join('')}`);
}

function wrongWay(
  destination: string,
  by: string,
  facts: Facts,
  { paths, ...facets }: RoutingDetails,
): Check {
  const home = homeOf(destination, facts);
  const wrongRoute = holding(destination, facts.netState).find(
    ({ dev, table }) => dev === by && table !== 'local',
  );
  const isOverlapped = wrongRoute === undefined || isWithin(wrongRoute.to, home?.subnet ?? '');
  if (!isOverlapped && home !== undefined)
    return missing(home, [`route: ${spell(wrongRoute)}`, ...paths], facets, destination);
  const evidence = [
    ...(wrongRoute === undefined ? [] : [`route: ${spell(wrongRoute)}`]),
    ...(home === undefined ? [] : [`network ${home.name}: ${home.subnet} on ${home.bridge}`]),
    ...paths,
  ];
  return fail(
    'route-overlap',
    `packets for ${destination} leave by ${by} instead of ${home?.bridge ?? 'their bridge'}`,
    {
      ...facets,
      meaning: 'another route covers the subnet of a Docker network: a VPN, most often',
      evidence,
      remedies: [
        ...(wrongRoute === undefined ? [] : [takeOut(wrongRoute, facts.netState.routeRules)]),
        advise(
          'permanently: give the VPN or the network another subnet (docker network create --subnet, default-address-pools)',
        ),
      ],
    },
  );
}

function nowhere(
  destination: string,
  detail: string,
  facts: Facts,
  { paths, ...facets }: RoutingDetails,
): Check {
  const home = homeOf(destination, facts);
  const blockingRoute = holding(destination, facts.netState).find(({ type: kind }) =>
    ['blackhole', 'unreachable', 'prohibit', 'throw'].includes(kind),
  );
  if (blockingRoute !== undefined)
    return fail('route-blocked', `a route ends packets for ${destination}: ${spell(blockingRoute)}`, {
      ...facets,
      meaning: 'it covers the subnet of a Docker network',
      evidence: [`route: ${spell(blockingRoute)}`, ...paths],
      remedies: [takeOut(blockingRoute, facts.netState.routeRules)],
    });
  if (home !== undefined) return missing(home, [detail, ...paths], facets, destination);
  return fail('route-missing', `this host has no route to ${destination}`, {
    ...facets,
    meaning: 'packets for there end here',
    evidence: [detail, ...paths],
    remedies: [advise('give it one as your network configuration does: ip route add')],
  });
}

type Home = NonNullable<ReturnType<typeof homeOf>>;

/** A subnet that no route of its own leads to. */
function missing(
  { subnet, bridge, gateway, name }: Home,
  evidence: readonly string[],
  facets: Omit<RoutingDetails, 'paths'>,
  destination: string,
): Check {
  // As the kernel writes it when the bridge gets its address.
  const source = gateway === '' || gateway.includes(':') ? '' : sh` proto kernel scope link src ${gateway}`;
  return fail('route-missing', `the route to ${subnet}, the subnet of network ${name}, is gone`, {
    ...facets,
    meaning: 'the host does not know where its containers are',
    evidence,
    remedies: [
      byCommands('restore it', `ip ${family(destination)}route add ${sh`${subnet} dev ${bridge}`}${source}`),
    ],
  });
}

/** Whether a route is for a subnet, or a part of it, and not for more besides. */
function isWithin(to: string, subnet: string): boolean {
  const [route, block] = [blockOf(to), blockOf(subnet)];
  return route !== undefined && block !== undefined && overlap(route, block) && route.length >= block.length;
}
