import { hostPort } from '../../../net/address.ts';
import { sh } from '../../../shell.ts';
import type { Stopped } from '../../../trace/path.ts';
import type { Check } from '../../diagnosis.ts';
import { namesOf, pathLines, type Group } from '../../paths/follow.ts';
import { untried } from '../../remedies/proposal.ts';
import { checksOf } from '../check.ts';

/** What this host's own firewall keeps from its containers: worth knowing, and no fault until somebody asks about it. */
export function judgeHostClosed({ followed, first }: Group, { table, chain, rule, native }: Stopped): Check {
  const { packet } = first.path;
  const by = rule === undefined ? 'the policy of' : 'a rule in';
  const six = packet.family === 'ipv6' && native === undefined ? 'ipv6 ' : '';
  const code = native !== undefined ? 'native-stops' : rule === undefined ? 'policy-stops' : 'rule-stops';
  const names = namesOf(followed);
  const isOwn = packet.inInterface === '';
  const isOutside = first.request.kind === 'published';
  const closes = isOwn
    ? `keeps this host from its containers: ${names}`
    : isOutside
      ? `closes ports that docker-proxy serves by IPv6: ${names}`
      : `closes ports of this host to its containers: ${names}`;
  return checksOf('path').warn(code, `${by} ${six}${table} ${chain} ${closes}`, {
    about: names,
    meaning: "the host's own firewall decides that: not counted as a fault",
    evidence: [...(rule === undefined ? [] : [rule.text]), ...pathLines(followed)],
    remedies: [
      untried(
        'shows',
        'how to open one of them',
        isOwn && first.request.subjects[0] !== 'this host'
          ? sh`rulesguard doctor ${first.request.subjects[0] ?? ''} --from host`
          : sh`rulesguard doctor ${`${hostPort(packet.destination, packet.destinationPort)}/${packet.protocol}`} --from ${isOwn ? 'host' : isOutside ? 'outside' : askerOf(first.request.name)}`,
      ),
    ],
  });
}

/** Who asks, of `mate → host:22`. */
const askerOf = (name: string): string => name.split(' → ')[0] ?? '';
