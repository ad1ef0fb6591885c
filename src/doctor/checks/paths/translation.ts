import { checksOf } from '../check.ts';
import { advise } from '../../remedies/proposal.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { namesOf, pathLines, type Group } from '../../paths/follow.ts';
import { translatorOf, untrackerOf } from '../../paths/translators.ts';
import { offered } from '../../remedies/offer.ts';
import { propose } from '../../remedies/propose.ts';

const { fail } = checksOf('path');

/** What is tried, and what is said where nothing holds. */
const repair = (group: Group, facts: Facts, words: string): readonly Remedy[] =>
  offered(group, facts, propose, advise(words));

const COMPARE = "see what of Docker's rules is lost, and whether it can be restored: rulesguard check";
const MOVE = 'let it leave these packets out, in the file it is loaded from';

export function judgeUntranslated(group: Group, facts: Facts): Check {
  const { followed, first } = group;
  const { proxies } = facts;
  const { packet } = first.path;
  const untracker = untrackerOf(first);
  if (untracker !== undefined)
    return fail('untracked', `a rule keeps packets for ${namesOf(followed)} from connection tracking`, {
      about: namesOf(followed),
      meaning: 'what is not tracked is not translated: the packets end at this host',
      evidence: [untracker.text, ...pathLines(followed)],
      remedies: repair(group, facts, MOVE),
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
      remedies: repair(group, facts, COMPARE),
    },
  );
}

export function judgeMistranslated(group: Group, facts: Facts): Check {
  const { followed, first } = group;
  const { last } = first.path;
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
      evidence: [...(found === undefined ? [] : [found.text]), ...pathLines(followed)],
      remedies: repair(group, facts, found === undefined ? COMPARE : MOVE),
    },
  );
}

export function judgeUnmasked(group: Group, facts: Facts): Check {
  const { followed, first } = group;
  const { last } = first.path;
  const found = translatorOf(first, facts);
  return fail(
    'not-masqueraded',
    `source of packets from ${namesOf(followed)} not masqueraded: they leave as ${last.source}, which only hosts with a route there can answer`,
    {
      about: namesOf(followed),
      meaning:
        found === undefined
          ? 'no rule gives them an address of this host'
          : "a rule that is not Docker's decides first what address they get",
      evidence: [...(found === undefined ? [] : [found.text]), ...pathLines(followed)],
      remedies: repair(group, facts, found === undefined ? COMPARE : MOVE),
    },
  );
}
