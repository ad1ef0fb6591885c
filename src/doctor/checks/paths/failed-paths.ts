import { NATIVES_UNREAD } from '../../../trace/native/tables.ts';
import type { Stopped } from '../../../trace/path.ts';
import { sh } from '../../../shell.ts';
import { checksOf, byCommands } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import { isUnseen, type Facts } from '../../facts/facts.ts';
import { ownerOf, takeOut, toolOf } from './rule-commands.ts';
import { closedOnPurpose } from './closed-on-purpose.ts';
import { isNative, judgeNativeStop } from './native.ts';
import { judgeMistranslated, judgeUnmasked, judgeUntranslated } from './translation.ts';
import { namesOf, pathLines, type Followed, type Group } from '../../paths/follow.ts';
import { judgeDetour, judgeNotUndone } from './answers-astray.ts';
import { homeOf, judgeRouting } from './routing.ts';

const { ok, fail, unknown } = checksOf('path');

/** What the paths that do not reach their goal are stopped by; one check for each cause, however many paths it ends. */
export function judgePaths(all: readonly Followed[], facts: Facts): readonly Check[] {
  const open = all.filter(({ request }) => request.shouldPass);
  const groups = new Map<string, Followed[]>();
  for (const one of open) {
    if (one.outcome.is === 'reached' || isReportedOnce(one, facts)) continue;
    const key = groupKeyOf(one, facts);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const checks = [...groups.values()].flatMap((followed) => {
    const [first] = followed;
    return first === undefined ? [] : judgeGroup({ followed, first }, facts);
  });
  const reached = open.filter(({ outcome }) => outcome.is === 'reached' || outcome.is === 'detour').length;
  return reached === 0
    ? checks
    : [...checks, ok('paths', `${String(reached)} paths get through, by the rules`)];
}

/** Whether a packet was translated to another place than its goal before it was stopped. */
function isTranslatedElsewhere({ request: { goal }, path: { packet, last } }: Followed): boolean {
  const isTranslated =
    last.destination !== packet.destination || last.destinationPort !== packet.destinationPort;
  return (
    goal.to === 'container' &&
    isTranslated &&
    (last.destination !== goal.address || last.destinationPort !== goal.port)
  );
}

/** What could not be read is reported once, and not with every path that depends on it. */
const isReportedOnce = ({ path: { end } }: Followed, facts: Facts): boolean =>
  end.at === 'unknown' && end.why === NATIVES_UNREAD && isUnseen(facts, 'nftables tables');

/** What distinguishes one cause from another. */
function groupKeyOf(followed: Followed, facts: Facts): string {
  const {
    outcome,
    path: { end, packet, last, steps },
  } = followed;
  const translation =
    steps.findLast(
      ({ hook, stage, rule }) =>
        stage === 'nat' && rule !== undefined && /^(?:PREROUTING|OUTPUT)$/.test(hook),
    )?.rule?.text ?? '';
  // Whoever translated it is the cause, also where a rule stops it then.
  if (outcome.is === 'mistranslated' || (outcome.is === 'stopped' && isTranslatedElsewhere(followed)))
    return `mistranslated ${translation}`;
  if (outcome.is === 'elsewhere' || outcome.is === 'detour') return `${outcome.is} ${outcome.by}`;
  switch (end.at) {
    case 'stopped':
      return `stopped ${end.variant} ${end.table} ${end.chain} ${end.rule?.text ?? 'policy'}`;
    case 'lost':
      return `lost ${end.why === 'rp-filter' ? packet.inInterface : (homeOf(last.destination, facts)?.bridge ?? end.detail)}`;
    case 'unknown':
      return `unknown ${end.why}`;
    case 'sent':
    case 'local':
      break;
  }
  return `${outcome.is} ${last.family}`;
}

function judgeGroup(group: Group, facts: Facts): readonly Check[] {
  const { outcome, path } = group.first;
  const { end } = path;
  switch (outcome.is) {
    case 'reached':
      return [];
    case 'unknown':
      return [judgeUnknown(group)];
    case 'stopped':
      if (end.at !== 'stopped') return [];
      if (isTranslatedElsewhere(group.first)) return [judgeMistranslated(group, facts)];
      return [isNative(end) ? judgeNativeStop(group, end, facts) : judgeStop(group, end, facts)];
    case 'lost':
    case 'elsewhere':
      return [judgeRouting(group.followed, facts)];
    case 'detour':
      return [judgeDetour(group, outcome.by)];
    case 'not-undone':
      return [judgeNotUndone(group, facts)];
    case 'untranslated':
      return [judgeUntranslated(group, facts)];
    case 'mistranslated':
      return [judgeMistranslated(group, facts)];
    case 'unmasked':
      return [judgeUnmasked(group, facts)];
  }
}

function judgeUnknown({ followed, first }: Group): Check {
  const { end } = first.path;
  const why = end.at === 'unknown' ? end.why : 'with which source address it leaves';
  const rule = end.at === 'unknown' ? end.rule?.text : undefined;
  return unknown('path-unknown', `cannot tell whether ${first.request.name} gets through: ${why}`, {
    about: namesOf(followed),
    evidence: [...(rule === undefined ? [] : [rule]), ...pathLines(followed)],
    remedies: [
      byCommands(
        'send real packets along it',
        sh`rulesguard doctor ${first.request.subjects[0] ?? ''} --probe`,
      ),
    ],
  });
}

function judgeStop({ followed, first }: Group, end: Stopped, facts: Facts): Check {
  const { variant, table, chain, rule, target } = end;
  const { family } = first.path.packet;
  const where = `${variant === facts.variant ? '' : `${variant} `}${family === 'ipv6' ? 'ipv6 ' : ''}${table} ${chain}`;
  const counters =
    rule === undefined || rule.counters === '' ? [] : [`packets:bytes so far ${rule.counters}`];
  const evidence = [...(rule === undefined ? [] : [rule.text]), ...counters, ...pathLines(followed)];
  const facets = { about: namesOf(followed), evidence };
  const ends = target === 'REJECT' ? 'refuses' : 'drops';
  if (rule === undefined)
    return fail(
      variant === facts.variant ? 'policy-stops' : 'other-variant-stops',
      `the policy of ${where} drops packets: no rule lets ${first.request.name} through`,
      {
        ...facets,
        meaning: 'what no rule accepts ends there',
        remedies: [letThrough(first, facts, end)],
      },
    );
  const owner = ownerOf(rule, table, family, variant === facts.variant ? facts.owned : undefined);
  if (owner === 'docker' && isRequired(first, facts)) return closedOnPurpose(followed, facts, facets);
  const manager = /^ufw6?-/.test(chain) ? 'ufw' : undefined;
  const remove = byCommands(
    manager === undefined
      ? 'delete it, also from the file it is loaded from'
      : `delete it until ${manager} loads it again; permanently: ufw status numbered, then ufw delete NUMBER`,
    takeOut(rule, table, family, variant, facts),
  );
  return fail(
    chain === 'DOCKER-USER'
      ? 'user-rule-stops'
      : variant === facts.variant
        ? 'rule-stops'
        : 'other-variant-stops',
    `a rule in ${where} ${ends} packets for ${namesOf(followed)}`,
    {
      ...facets,
      meaning:
        chain === 'DOCKER-USER'
          ? "it is your own rule, and stands before all of Docker's"
          : `it is not Docker's, and decides before${variant === facts.variant ? '' : ' or after'} Docker's rules do`,
      remedies: [remove],
    },
  );
}

/** Within a network only icc=false closes anything; a rule of that text where icc is on is not Docker's. */
function isRequired({ request: { kind, subjects } }: Followed, { networks }: Facts): boolean {
  const network = networks.find(({ name }) => subjects.slice(2).includes(name));
  return kind !== 'same-network' || network?.icc === false;
}

/** A rule of the user's that opens what a policy closes, in the place Docker leaves for them. */
function letThrough({ path, request }: Followed, facts: Facts, { variant, table, chain }: Stopped): Remedy {
  const { last } = path;
  const tool = toolOf(last.family, variant, facts);
  if (variant !== facts.variant)
    return byCommands(
      "open it: Docker's rules in the other iptables variant still decide",
      `${tool} -w -t ${table} -P ${chain} ACCEPT`,
    );
  const place =
    table === 'filter' && chain === 'FORWARD' && variant === facts.variant ? 'DOCKER-USER' : chain;
  const port =
    last.destinationPort === 0 ? '' : ` -p ${last.protocol} --dport ${String(last.destinationPort)}`;
  const isReply = request.packet.state === 'ESTABLISHED';
  const rule = isReply ? '-m conntrack --ctstate RELATED,ESTABLISHED' : `-d ${last.destination}${port}`;
  return byCommands('allow it', `${tool} -w -t ${table} -I ${place} ${rule} -j ACCEPT`);
}
