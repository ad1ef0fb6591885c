import type { Rule } from '../iptables/model.ts';
import { checksOf, type } from './check.ts';
import { ownerOf, takeOut } from './culprit.ts';
import type { Check } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { namesOf, pathLines, type Followed, type Group } from './follow.ts';

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
        type(
          'take it out, and out of the file it is loaded from',
          takeOut(untracking.rule, 'raw', packet.family, untracking.backend ?? '', facts),
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
          : "docker-proxy answers instead and hides it: the container sees the bridge's address, not its clients'",
      evidence: [
        ...(proxy === undefined
          ? []
          : [
              `docker-proxy: ${proxy.hostIp}:${String(proxy.hostPort)} → ${proxy.containerIp}:${String(proxy.containerPort)}`,
            ]),
        ...pathLines(followed),
      ],
      remedies: [type('put the translations back', 'rulesguard restore')],
    },
  );
}

/** The last rule of nat that a packet met and that is not Docker's. */
function translatorOf(
  { path: { steps, packet } }: Followed,
  facts: Facts,
): { readonly rule: Rule; readonly backend: string } | undefined {
  const met = steps.flatMap(({ stage, rule, backend = '' }) =>
    stage === 'nat' && rule !== undefined ? [{ rule, backend }] : [],
  );
  return met.findLast(
    ({ rule, backend }) =>
      ownerOf(rule, 'nat', packet.family, backend === facts.backend ? facts.owned : undefined) === 'foreign',
  );
}

export function judgeMistranslated({ followed, first }: Group, facts: Facts): Check {
  const { last, packet } = first.path;
  const found = translatorOf(first, facts);
  return fail(
    'led-astray',
    `${first.request.name.replace(' (answer)', '')} is led to ${last.destination}:${String(last.destinationPort)} instead`,
    {
      about: namesOf(followed),
      meaning:
        found === undefined
          ? 'a translation leads elsewhere than the Engine says'
          : "a rule that is not Docker's translates it first",
      evidence: [...(found === undefined ? [] : [found.rule.text]), ...pathLines(followed)],
      remedies: [
        found === undefined
          ? type("put Docker's translations right", 'rulesguard restore')
          : type(
              'take it out, and out of the file it is loaded from',
              takeOut(found.rule, 'nat', packet.family, found.backend, facts),
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
    `packets of ${namesOf(followed)} leave as ${last.source}: nobody outside can answer that`,
    {
      about: namesOf(followed),
      meaning:
        found === undefined
          ? 'no rule gives them an address of this host'
          : "a rule that is not Docker's decides first what address they get",
      evidence: [...(found === undefined ? [] : [found.rule.text]), ...pathLines(followed)],
      remedies: [
        found === undefined
          ? type('put the masquerading back', 'rulesguard restore')
          : type(
              'take it out, and out of the file it is loaded from',
              takeOut(found.rule, 'nat', packet.family, found.backend, facts),
            ),
      ],
    },
  );
}
