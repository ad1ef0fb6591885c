import type { Rule } from '../../../firewall/iptables/text/model.ts';
import { checksOf, byCommands } from '../check.ts';
import { ownerOf, takeOut } from './rule-commands.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { namesOf, pathLines, type Followed, type Group } from '../../paths/follow.ts';

const { fail } = checksOf('path');

export function judgeUntranslated({ followed, first }: Group, facts: Facts): Check {
  const { proxies } = facts;
  const { packet, last, steps } = first.path;
  const untracking = steps.find(
    ({ stage, rule }) => stage === 'raw' && / -j (?:CT|NOTRACK)\b/.test(rule?.text ?? ''),
  );
  if (last.state === 'UNTRACKED' && untracking?.rule !== undefined)
    return fail('untracked', `a rule keeps packets for ${namesOf(followed)} from connection tracking`, {
      about: namesOf(followed),
      meaning: 'what is not tracked is not translated: the packets end at this host',
      evidence: [untracking.rule.text, ...pathLines(followed)],
      remedies: [
        byCommands(
          'delete it, also from the file it is loaded from',
          takeOut(untracking.rule, 'raw', packet.family, untracking.variant ?? '', facts),
        ),
      ],
    });
  const proxy = proxies.find(
    ({ hostPort, proto }) => hostPort === packet.destinationPort && proto === packet.protocol,
  );
  return fail(
    'translation-lost',
    `nothing translates ${first.request.name.split(' → ')[1] ?? 'the port'} to its container`,
    {
      about: namesOf(followed),
      meaning:
        proxy === undefined
          ? 'clients are refused by this host'
          : "docker-proxy answers instead and hides it: the container sees the bridge's address instead of its clients'",
      evidence: [
        ...(proxy === undefined
          ? []
          : [
              `docker-proxy: ${proxy.hostIp}:${String(proxy.hostPort)} → ${proxy.containerIp}:${String(proxy.containerPort)}`,
            ]),
        ...pathLines(followed),
      ],
      remedies: [byCommands('restore the translations', 'rulesguard restore')],
    },
  );
}

/** The last rule of nat that a packet met and that is not Docker's. */
function translatorOf(
  { path: { steps, packet } }: Followed,
  facts: Facts,
): { readonly rule: Rule; readonly variant: string } | undefined {
  const met = steps.flatMap(({ stage, rule, variant = '' }) =>
    stage === 'nat' && rule !== undefined ? [{ rule, variant }] : [],
  );
  return met.findLast(
    ({ rule, variant }) =>
      ownerOf(rule, 'nat', packet.family, variant === facts.variant ? facts.owned : undefined) === 'foreign',
  );
}

export function judgeMistranslated({ followed, first }: Group, facts: Facts): Check {
  const { last, packet } = first.path;
  const found = translatorOf(first, facts);
  return fail(
    'misrouted',
    `${first.request.name.replace(' (answer)', '')} is routed to the wrong target: ${last.destination}:${String(last.destinationPort)}`,
    {
      about: namesOf(followed),
      meaning:
        found === undefined
          ? 'a translation leads elsewhere than the Engine says'
          : "a rule that is not Docker's translates it first",
      evidence: [...(found === undefined ? [] : [found.rule.text]), ...pathLines(followed)],
      remedies: [
        found === undefined
          ? byCommands("restore Docker's translations", 'rulesguard restore')
          : byCommands(
              'delete it, also from the file it is loaded from',
              takeOut(found.rule, 'nat', packet.family, found.variant, facts),
            ),
      ],
    },
  );
}

export function judgeUnmasked({ followed, first }: Group, facts: Facts): Check {
  const { last, packet } = first.path;
  const found = translatorOf(first, facts);
  return fail(
    'not-masqueraded',
    `source of packets from ${namesOf(followed)} not masqueraded (${last.source}): replies cannot return`,
    {
      about: namesOf(followed),
      meaning:
        found === undefined
          ? 'no rule gives them an address of this host'
          : "a rule that is not Docker's decides first what address they get",
      evidence: [...(found === undefined ? [] : [found.rule.text]), ...pathLines(followed)],
      remedies: [
        found === undefined
          ? byCommands('restore the masquerading', 'rulesguard restore')
          : byCommands(
              'delete it, also from the file it is loaded from',
              takeOut(found.rule, 'nat', packet.family, found.variant, facts),
            ),
      ],
    },
  );
}
