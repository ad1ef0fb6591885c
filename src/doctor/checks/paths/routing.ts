import type { Route } from '../../../trace/network-state.ts';
import { checksOf } from '../check.ts';
import { advise } from '../../remedies/proposal.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { namesOf, pathLines, type Group } from '../../paths/follow.ts';
import {
  blockingRoute,
  blockingRule,
  homeOf,
  isWithin,
  leadingTo,
  ledByRule,
  type Home,
} from '../../paths/routes.ts';
import { offered } from '../../remedies/offer.ts';
import { propose } from '../../remedies/propose.ts';
import { judgeBlockingRule, judgeRoutingRule } from './routing-rule.ts';

const { fail } = checksOf('host');

interface RoutingDetails {
  readonly about: string;
  readonly impairs: readonly string[];
  readonly paths: readonly string[];
  readonly remedies: readonly Remedy[];
}

/** Where routing leads packets the wrong way, or nowhere. */
export function judgeRouting(group: Group, facts: Facts): Check {
  const { followed, first } = group;
  const { end, last, packet } = first.path;
  const facets = { about: namesOf(followed), impairs: first.request.subjects };
  const paths = pathLines(followed);
  const rule = first.outcome.is === 'elsewhere' ? ledByRule(first, facts) : undefined;
  if (rule !== undefined) return judgeRoutingRule(rule, group, facts, { ...facets, paths });
  const blocking = end.at === 'lost' ? blockingRule(first, facts.netState) : undefined;
  if (blocking !== undefined) return judgeBlockingRule(blocking, group, facts, { ...facets, paths });
  const details: RoutingDetails = { ...facets, paths, remedies: offered(group, facts, propose) };
  if (first.outcome.is === 'elsewhere') return wrongWay(last.destination, first.outcome.by, facts, details);
  if (end.at !== 'lost') return fail('route-lost', 'routing loses packets', { ...facets, evidence: paths });
  switch (end.why) {
    case 'rp-filter':
      return reversePath(packet.inInterface, end.detail, details);
    case 'no-route':
    case 'unreachable':
      return nowhere(last.destination, end.detail, facts, details);
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

function reversePath(dev: string, detail: string, { paths, remedies, ...facets }: RoutingDetails): Check {
  return fail('rp-filter', `${dev} drops packets whose way back leads elsewhere (rp_filter is strict)`, {
    ...facets,
    meaning: 'clients on that side get no answer, and no rule counts their packets',
    evidence: [detail, ...paths],
    remedies: [...remedies, advise('or correct the route, so that replies leave where requests come in')],
  });
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

function wrongWay(destination: string, by: string, facts: Facts, details: RoutingDetails): Check {
  const { paths, remedies, ...facets } = details;
  const home = homeOf(destination, facts);
  const wrongRoute = leadingTo(destination, by, facts.netState);
  const isOverlapped = wrongRoute === undefined || isWithin(wrongRoute.to, home?.subnet ?? '');
  if (!isOverlapped && home !== undefined) return missing(home, `route: ${spell(wrongRoute)}`, details);
  const evidence = [
    ...(wrongRoute === undefined ? [] : [`route: ${spell(wrongRoute)}`]),
    ...(home === undefined ? [] : [`network ${home.name}: ${home.subnet} on ${home.bridge}`]),
    ...paths,
  ];
  if (home === undefined)
    return fail('route-overlap', `packets for ${destination} leave by ${by}, where nobody answers them`, {
      ...facets,
      meaning: `they are sent without a gateway, and this host has no address of that side on ${by}`,
      evidence,
      remedies: [...remedies, advise(`or give ${by} its address, or the route its gateway`)],
    });
  return fail('route-overlap', `packets for ${destination} leave by ${by} instead of ${home.bridge}`, {
    ...facets,
    meaning: 'another route covers the subnet of a Docker network: a VPN, most often',
    evidence,
    remedies: [
      ...remedies,
      advise(
        'permanently: give the VPN or the network another subnet (docker network create --subnet, default-address-pools)',
      ),
    ],
  });
}

function nowhere(destination: string, detail: string, facts: Facts, details: RoutingDetails): Check {
  const { paths, remedies, ...facets } = details;
  const home = homeOf(destination, facts);
  const blocking = blockingRoute(destination, facts.netState);
  if (blocking !== undefined)
    return fail('route-blocked', `a route ends packets for ${destination}: ${spell(blocking)}`, {
      ...facets,
      meaning: 'it covers the subnet of a Docker network',
      evidence: [`route: ${spell(blocking)}`, ...paths],
      remedies,
    });
  if (home !== undefined) return missing(home, detail, details);
  return fail('route-missing', `this host has no route to ${destination}`, {
    ...facets,
    meaning: 'packets for there end here',
    evidence: [detail, ...paths],
    remedies: [advise('give it one as your network configuration does: ip route add')],
  });
}

/** A subnet that no route of its own leads to. */
function missing(home: Home, shown: string, { paths, ...facets }: RoutingDetails): Check {
  const { subnet, name, bridge, gateway, bare } = home;
  if (bare)
    return fail(
      'route-missing',
      `no route leads to ${subnet}: network ${name} was made without an address of this host`,
      {
        ...facets,
        meaning: 'its containers have no gateway, and the host does not know where they are',
        evidence: [shown, ...paths],
        remedies: [
          advise(
            `give ${bridge} the address ${gateway === '' ? 'that is its gateway' : gateway}, as was meant when it was made so`,
          ),
        ],
      },
    );
  return fail('route-missing', `the route to ${subnet}, the subnet of network ${name}, is gone`, {
    ...facets,
    meaning: 'the host does not know where its containers are',
    evidence: [shown, ...paths],
  });
}
