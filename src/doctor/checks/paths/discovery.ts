import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { namesOf, pathLines, type Group } from '../../paths/follow.ts';
import { offered } from '../../remedies/offer.ts';
import { advise } from '../../remedies/proposal.ts';
import { propose } from '../../remedies/propose.ts';
import type { StopPlace } from '../../whose.ts';
import { checksOf } from '../check.ts';

/** A rule or a policy that keeps this host from finding its neighbours by IPv6, or them from finding it. */
export function judgeDiscovery(group: Group, { end }: StopPlace, facts: Facts): Check {
  const { followed } = group;
  const { table, chain, rule, native } = end;
  const code = native !== undefined ? 'native-stops' : rule === undefined ? 'policy-stops' : 'rule-stops';
  const six = native === undefined ? 'ipv6 ' : '';
  const by = rule === undefined ? 'the policy of' : 'a rule in';
  return checksOf('path').fail(
    code,
    `IPv6 neighbours are not found: ${by} ${six}${table} ${chain} drops neighbour discovery`,
    {
      about: namesOf(followed),
      meaning:
        'IPv6 finds its neighbours by ICMPv6: without it nothing gets to them or comes from them, and those that are still known are lost within seconds',
      evidence: [...(rule === undefined ? [] : [rule.text]), ...pathLines(followed)],
      remedies: offered(
        group,
        facts,
        propose,
        advise('accept ICMPv6 neighbour-solicitation and neighbour-advertisement there'),
      ),
    },
  );
}
