import type { RouteRule } from '../../../trace/network-state.ts';
import { actionOf, spellRule } from '../../paths/routing-rule-words.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Group } from '../../paths/follow.ts';
import type { LedAway } from '../../paths/routes.ts';
import { offered } from '../../remedies/offer.ts';
import { propose } from '../../remedies/propose.ts';
import { LEAVE_OUT } from '../../remedies/routing.ts';
import { checksOf } from '../check.ts';
import { advise } from '../../remedies/proposal.ts';

interface RuleFacets {
  readonly about: string;
  readonly impairs: readonly string[];
  readonly paths: readonly string[];
}

/** Packets for a container that a rule leads into a table which does not know Docker's networks. */
export function judgeRoutingRule(
  { rule, route }: LedAway,
  group: Group,
  facts: Facts,
  { paths, ...facets }: RuleFacets,
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

/** Packets that a rule of policy routing ends itself. */
export function judgeBlockingRule(
  rule: RouteRule,
  group: Group,
  facts: Facts,
  { paths, ...facets }: RuleFacets,
): Check {
  const { path } = group.first;
  const isAnswer = path.packet.state === 'ESTABLISHED';
  return checksOf('host').fail(
    'route-blocked',
    `routing rule ${String(rule.priority)} ends ${isAnswer ? 'answers' : 'packets'} for ${path.last.destination}: ${actionOf(rule)}`,
    {
      ...facets,
      meaning: 'it is asked before the main table, which has the route',
      evidence: [spellRule(rule), ...paths],
      remedies: offered(group, facts, propose, advise(LEAVE_OUT)),
    },
  );
}
