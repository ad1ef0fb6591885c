import { USER_CHAIN } from '../../../firewall/iptables/ownership/chain-shapes.ts';
import { rulesOf } from '../../../firewall/iptables/text/model.ts';
import { bracketed } from '../../../net/address.ts';
import { sh } from '../../../shell.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { namesOf, pathLines, stopOf, type Followed, type Group } from '../../paths/follow.ts';
import { offered } from '../../remedies/offer.ts';
import { keepersWay } from '../../remedies/host-firewall.ts';
import { propose } from '../../remedies/propose.ts';
import { managerAt, mayBeDockers, meansStop, whoseStop, type StopPlace } from '../../whose.ts';
import { checksOf } from '../check.ts';
import { advise, untried } from '../../remedies/proposal.ts';
import { closedOnPurpose } from './closed-on-purpose.ts';

const { fail, warn } = checksOf('path');

/** Of what decides beside tables of Docker's own. */
const BESIDE = "what it drops, no rule in Docker's own tables can let through";

/** A rule or a policy of iptables ends packets that should pass. */
export function judgeStop(group: Group, stop: StopPlace, facts: Facts): Check {
  const { followed, first } = group;
  const { family } = stop;
  const { variant, table, chain, rule, target } = stop.end;
  const isOther = variant !== facts.variant && facts.tables === undefined;
  const where = `${variant === facts.variant ? '' : `${variant} `}${family === 'ipv6' ? 'ipv6 ' : ''}${table} ${chain}`;
  const counters =
    rule === undefined || rule.counters === '' ? [] : [`packets:bytes so far ${rule.counters}`];
  const evidence = [...(rule === undefined ? [] : [rule.text]), ...counters, ...pathLines(followed)];
  const facets = { about: namesOf(followed), evidence };
  const decider = whoseStop(stop, facts);
  if (rule === undefined)
    return fail(
      isOther ? 'other-variant-stops' : 'policy-stops',
      `the policy of ${where} drops packets: no rule lets ${first.request.name} through`,
      {
        ...facets,
        meaning:
          facts.tables === undefined || stop.hook === 'INPUT'
            ? 'what no rule accepts ends there'
            : "it drops what Docker's own tables let through; Docker with nftables does not set it, it may be left from when its firewall backend was iptables",
        remedies: offered(
          group,
          facts,
          propose,
          keepersWay(group, stop, facts) ?? advise(`add a rule that accepts it to ${table} ${chain}`),
        ),
      },
    );
  if (decider === 'docker' && mayBeDockers(first.request, facts))
    return closedOnPurpose(group, facts, facets);
  if (decider === 'operator') return closedByOperator(group, stop, facts, { ...facets, where });
  const ends = target === 'REJECT' ? 'refuses' : 'drops';
  return fail(
    isOther ? 'other-variant-stops' : 'rule-stops',
    `a rule in ${where} ${ends} packets for ${namesOf(followed)}`,
    {
      ...facets,
      meaning:
        facts.tables === undefined
          ? `it is not Docker's, and decides before${isOther ? ' or after' : ''} Docker's rules do`
          : `it is not Docker's, and ${BESIDE}`,
      remedies: offered(
        group,
        facts,
        propose,
        advise('let it leave these packets out, in the file it is loaded from'),
      ),
    },
  );
}

/**
 * Whether packets of a path were closed on purpose: not an answer to what was let through, unless that stood in the baseline. What the
 * host itself takes in is not judged so: nobody closes it to keep its own containers from it.
 */
export function isClosedByOperator(followed: Followed, facts: Facts): boolean {
  const stop = stopOf(followed);
  if (stop === undefined) return false;
  const isHosts = stop.hook === 'INPUT' || stop.hook === 'OUTPUT';
  return meansStop(stop, facts) === 'operator' && (!isHosts || managerAt(stop, facts) !== undefined);
}

interface StopDetails {
  readonly about: string;
  readonly evidence: readonly string[];
  readonly where: string;
}

const codeIn = ({ end: { chain } }: StopPlace): 'user-rule-stops' | 'rule-stops' =>
  chain === USER_CHAIN ? 'user-rule-stops' : 'rule-stops';

/** What a rule of the operator's closes: said, with the narrowest way to open it, and never by deleting it. */
function closedByOperator(
  group: Group,
  stop: StopPlace,
  facts: Facts,
  { where, ...facets }: StopDetails,
): Check {
  const { followed, first } = group;
  const isAnswer = first.path.packet.state === 'ESTABLISHED';
  const others = followed.length > 1 ? `, and ${String(followed.length - 1)} more` : '';
  return fail(
    codeIn(stop),
    isAnswer
      ? `a rule in ${where} drops answers: ${first.request.name}${others}`
      : `closed by a rule in ${where}: ${first.request.name}${others}`,
    {
      ...facets,
      meaning: `${authorOf(stop, facts)}${isAnswer ? '; it lets the question out and drops the answer' : ''}`,
      remedies: offered(
        group,
        facts,
        propose,
        keepersWay(group, stop, facts) ??
          advise('to open it, let that rule leave these packets out where it is configured'),
      ),
    },
  );
}

/** Whose a rule of the operator's is, and where it is kept. */
function authorOf(stop: StopPlace, facts: Facts): string {
  const { family, hook } = stop;
  const manager = managerAt(stop, facts);
  const decides = facts.tables === undefined ? "decides before Docker's rules" : BESIDE;
  if (manager !== undefined) return `it is ${manager}'s, and ${decides}`;
  if (hook === 'INPUT' || hook === 'OUTPUT') return `it is the filter of this host itself (${hook})`;
  const six = family === 'ipv6' ? '6' : '';
  const isUfws = facts.netState.rulesets.some(({ rules }) =>
    rulesOf(rules[family], 'filter', USER_CHAIN).some(({ text }) =>
      text.endsWith(`-j ufw${six}-user-forward`),
    ),
  );
  return isUfws
    ? `ufw loads it from /etc/ufw/after${six}.rules; it ${decides}`
    : `it is your own, and ${decides}`;
}

/** What operators closed of a whole host: worth knowing, and no fault. One for each rule. */
export function judgeClosed({ followed, first }: Group, stop: StopPlace, facts: Facts): Check {
  const { chain, table, rule, target } = stop.end;
  const { packet } = first.path;
  const six = packet.family === 'ipv6' ? 'ipv6 ' : '';
  const count = followed.length === 1 ? '1 path is' : `${String(followed.length)} paths are`;
  return warn(codeIn(stop), `${count} closed by a rule in ${six}${table} ${chain}: ${namesOf(followed)}`, {
    about: namesOf(followed),
    meaning: `${authorOf(stop, facts)}: not counted as a fault`,
    evidence: [rule?.text ?? `policy ${target}`, ...pathLines(followed)],
    remedies:
      first.request.kind === 'published'
        ? [
            untried(
              'shows',
              'how to open one of them',
              sh`rulesguard doctor ${`${bracketed(packet.destination)}:${String(packet.destinationPort)}`}`,
            ),
          ]
        : [],
  });
}
