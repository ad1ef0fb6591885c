import type { RouteRule } from '../../../trace/network-state.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Group } from '../../paths/follow.ts';
import type { LedAway } from '../../paths/routes.ts';
import { offered } from '../../remedies/offer.ts';
import { propose } from '../../remedies/propose.ts';
import { LEAVE_OUT } from '../../remedies/routing.ts';
import { checksOf } from '../check.ts';
import { advise } from '../../remedies/proposal.ts';

/** Packets for a container that a rule leads into a table which does not know Docker's networks. */
export function judgeRoutingRule(
  { rule, route }: LedAway,
  group: Group,
  facts: Facts,
  {
    paths,
    ...facets
  }: { readonly about: string; readonly impairs: readonly string[]; readonly paths: readonly string[] },
): Check {
  const { priority, table } = rule;
  const { outcome, path } = group.first;
  const by = outcome.is === 'elsewhere' ? outcome.by : '';
  const isAnswer = path.packet.state === 'ESTABLISHED';
  return checksOf('host').fail(
    'route-rule',
    `routing rule ${String(priority)} leads ${isAnswer ? 'answers' : 'packets'} for ${path.last.destination} away by ${by}`,
    {
      ...facets,
      meaning: `its table ${table} does not know Docker's networks: what it is asked for leaves by ${by}`,
      evidence: [spellRule(rule), `table ${table}: ${route}`, ...paths],
      remedies: offered(group, facts, propose, advise(LEAVE_OUT)),
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
