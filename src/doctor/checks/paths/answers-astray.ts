import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { sysctl, sysctlName } from '../../lookup.ts';
import { namesOf, pathLines, type Group } from '../../paths/follow.ts';
import { offered } from '../../remedies/offer.ts';
import { advise } from '../../remedies/proposal.ts';
import { propose } from '../../remedies/propose.ts';
import { checksOf } from '../check.ts';

/** Which table and which default, nobody but the operator knows. */
export const BY_SOURCE = advise(
  'route answers by where questions came in: ip rule add from ADDRESS lookup TABLE, with the default of that uplink in TABLE',
);

/** Answers that leave by another uplink than their questions came in by: whether that works hangs on the networks there. */
export function judgeDetour({ followed, first }: Group, by: string): Check {
  const { packet } = first.path;
  return checksOf('host').warn(
    'route-asymmetric',
    `answers of ${namesOf(followed)} leave by ${by}, not by where questions come in`,
    {
      about: namesOf(followed),
      meaning: `routers and firewalls on that way see half of the connection, and many drop it; the source stays ${packet.source}`,
      evidence: pathLines(followed),
      remedies: [BY_SOURCE],
    },
  );
}

const BRIDGE_FILTER = 'bridge/bridge-nf-call-iptables';

/** Answers within a bridge, of which the kernel does not undo the translation. */
export function judgeNotUndone(group: Group, facts: Facts): Check {
  const { followed, first } = group;
  const { netState } = facts;
  const { last } = first.path;
  const value = sysctl(netState, BRIDGE_FILTER);
  const isBridged = first.path.steps.some(({ stage }) => stage === 'bridge');
  return checksOf('path').fail(
    'answer-untranslated',
    `answers of ${namesOf(followed)} come from ${last.source}, not from the address that was asked`,
    {
      about: namesOf(followed),
      meaning: isBridged
        ? "answers cross the bridge unseen by any rule, so the published port's translation is not undone"
        : 'whoever asked does not take them',
      evidence: [
        ...(isBridged ? [`${sysctlName(BRIDGE_FILTER)} = ${value ?? 'missing'}`] : []),
        ...pathLines(followed),
      ],
      remedies: isBridged ? offered(group, facts, propose) : [],
    },
  );
}
