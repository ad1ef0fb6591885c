import { blockOf, overlap } from '../../../net/address.ts';
import type { Family } from '../../../net/family.ts';
import { sh } from '../../../shell.ts';
import type { RouteRule } from '../../../trace/network-state.ts';
import { isUsualTable, lookupRoute } from '../../../trace/routing/route.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { bridgeNetworks } from '../../lookup.ts';
import { follow, type Followed } from '../../paths/follow.ts';
import { advise, byCommands, checksOf } from '../check.ts';

/** A rule of policy routing, and the route of its table that packets take. */
interface LedAway {
  readonly rule: RouteRule;
  readonly route: string;
  readonly family: Family;
}

/**
 * The rule of policy routing by which a path is led to another interface than its goal's; undefined where the main table does that,
 * or a route for a part of a network's subnet, which is an overlap whatever asks for it.
 */
export function ledByRule(
  { path: { packet, last } }: Followed,
  { netState, networks }: Facts,
): LedAway | undefined {
  const { family, destination, mark } = last;
  // It is routed before its source is translated, and a packet made here with the source it got.
  const source = packet.inInterface === '' ? last.source : packet.source;
  const found = lookupRoute(netState, { family, source, destination, mark, inInterface: packet.inInterface });
  if (found.kind !== 'unicast' || isUsualTable(found.rule.table)) return undefined;
  const { dev, to, via } = found.route;
  const block = blockOf(to);
  const covers = networks
    .flatMap(({ subnets }) => subnets.flatMap((subnet) => blockOf(subnet) ?? []))
    .some((subnet) => block !== undefined && overlap(block, subnet) && block.length >= subnet.length);
  if (covers) return undefined;
  const route = `${/\/0$/.test(to) ? 'default' : to}${via === '' ? '' : ` via ${via}`} dev ${dev}`;
  return { rule: found.rule, route, family };
}

/** Packets for a container that a rule leads into a table which does not know Docker's networks. */
export function judgeRoutingRule(
  { rule, route, family }: LedAway,
  followed: readonly [Followed, ...Followed[]],
  facts: Facts,
  {
    paths,
    ...facets
  }: { readonly about: string; readonly impairs: readonly string[]; readonly paths: readonly string[] },
): Check {
  const { priority, table } = rule;
  const [{ outcome, path }] = followed;
  const by = outcome.is === 'elsewhere' ? outcome.by : '';
  const isAnswer = path.packet.state === 'ESTABLISHED';
  return checksOf('host').fail(
    'route-rule',
    `routing rule ${String(priority)} leads ${isAnswer ? 'answers' : 'packets'} for ${path.last.destination} away by ${by}`,
    {
      ...facets,
      meaning: `its table ${table} does not know Docker's networks: what it is asked for leaves by ${by}`,
      evidence: [spellRule(rule), `table ${table}: ${route}`, ...paths],
      remedies: [askMainFirst(rule, family, followed, facts)],
    },
  );
}

/** As `ip rule` shows it. */
function spellRule({ priority, table, fields }: RouteRule): string {
  const { src = 'all', srclen, dst, dstlen, fwmark, fwmask, iif } = fields;
  const words = [
    'not' in fields ? 'not' : '',
    `from ${src}${srclen === undefined ? '' : `/${srclen}`}`,
    dst === undefined ? '' : `to ${dst}${dstlen === undefined ? '' : `/${dstlen}`}`,
    fwmark === undefined ? '' : `fwmark ${fwmark}${fwmask === undefined ? '' : `/${fwmask}`}`,
    iif === undefined ? '' : `iif ${iif}`,
    `lookup ${table}`,
  ];
  return `rule ${String(priority)}: ${words.filter(Boolean).join(' ')}`;
}

/**
 * Has the main table asked first: for Docker's subnets alone where that is enough, else for all that it knows more of than a default
 * route, as wg-quick does. Each was tried in memory on every path that is led away (and with packets: planted faults).
 */
function askMainFirst(
  { priority }: RouteRule,
  family: Family,
  followed: readonly Followed[],
  facts: Facts,
): Remedy {
  const own = facts.netState.routeRules.filter((one) => one.family === family);
  const taken = new Set(own.map((one) => one.priority));
  let free = priority - 1;
  while (free > 0 && taken.has(free)) free--;
  const advice = "give the rule a condition that leaves Docker's subnets out, where it is configured";
  if (free <= 0) return advise(advice);
  const subnets = bridgeNetworks(facts)
    .flatMap((network) => network.subnets)
    .filter((subnet) => blockOf(subnet)?.family === family);
  const rule = (fields: RouteRule['fields']): RouteRule => ({
    family,
    priority: free,
    table: 'main',
    fields,
  });
  const works = (...rules: readonly RouteRule[]): boolean => {
    const routeRules = [...facts.netState.routeRules, ...rules];
    const changed: Facts = { ...facts, netState: { ...facts.netState, routeRules } };
    return followed.every(({ request }) =>
      follow(request, changed).every(({ outcome }) => outcome.is === 'reached' || outcome.is === 'detour'),
    );
  };
  const add = `ip ${family === 'ipv6' ? '-6 ' : ''}rule add pref ${String(free)}`;
  if (subnets.length > 0 && works(...subnets.map((dst) => rule({ src: 'all', dst }))))
    return byCommands(
      `look Docker's subnets up in the main table first; permanently: ${advice}`,
      ...[...new Set(subnets)].map((subnet) => `${add} to ${sh`${subnet}`} lookup main`),
    );
  return works(rule({ src: 'all', suppress_prefixlen: '0' }))
    ? byCommands(
        'ask the main table first for all but its default route; permanently: where the rule is configured',
        `${add} lookup main suppress_prefixlength 0`,
      )
    : advise(advice);
}
