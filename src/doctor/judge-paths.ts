import type { Stopped } from '../trace/path.ts';
import { sh } from '../shell.ts';
import { checksOf, type } from './check.ts';
import type { Check, Remedy } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { ownerOf, takeOut, toolOf } from './culprit.ts';
import { closedByDesign } from './design.ts';
import { isNative, judgeNativeStop } from './judge-native.ts';
import { judgeMistranslated, judgeUnmasked, judgeUntranslated } from './judge-translation.ts';
import { namesOf, pathLines, type Followed, type Group } from './follow.ts';
import { homeOf, judgeRouting } from './judge-routing.ts';

const { ok, fail, unknown } = checksOf('path');

/** What the paths that do not reach their goal are stopped by; one check for each culprit, however many paths it ends. */
export function judgePaths(all: readonly Followed[], facts: Facts): readonly Check[] {
  const wanted = all.filter(({ request }) => request.wanted);
  const groups = new Map<string, Followed[]>();
  for (const one of wanted) {
    if (one.outcome.is === 'reached') continue;
    const key = culpritOf(one, facts);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const checks = [...groups.values()].flatMap((followed) => {
    const [first] = followed;
    return first === undefined ? [] : judgeGroup({ followed, first }, facts);
  });
  const reached = wanted.filter(({ outcome }) => outcome.is === 'reached').length;
  return reached === 0
    ? checks
    : [...checks, ok('paths', `${String(reached)} paths get through, by the rules`)];
}

/** Whether a packet was translated to another place than its goal before it was stopped. */
function isLedAstray({ request: { goal }, path: { packet, last } }: Followed): boolean {
  const isTranslated =
    last.destination !== packet.destination || last.destinationPort !== packet.destinationPort;
  return (
    goal.to === 'container' &&
    isTranslated &&
    (last.destination !== goal.address || last.destinationPort !== goal.port)
  );
}

/** What tells one culprit from another. */
function culpritOf({ outcome, path: { end, packet, last, steps } }: Followed, facts: Facts): string {
  if (outcome.is === 'elsewhere') return `elsewhere ${outcome.by}`;
  switch (end.at) {
    case 'stopped':
      return `stopped ${end.backend} ${end.table} ${end.chain} ${end.rule?.text ?? 'policy'}`;
    case 'lost':
      return `lost ${end.why === 'rp-filter' ? packet.inInterface : (homeOf(last.destination, facts)?.bridge ?? end.detail)}`;
    case 'unknown':
      return `unknown ${end.why}`;
    case 'sent':
    case 'local':
      break;
  }
  const translation =
    steps.findLast(({ stage, rule }) => stage === 'nat' && rule !== undefined)?.rule?.text ?? '';
  return `${outcome.is} ${outcome.is === 'mistranslated' ? translation : last.family}`;
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
      if (isLedAstray(group.first)) return [judgeMistranslated(group, facts)];
      return [isNative(end) ? judgeNativeStop(group, end, facts) : judgeStop(group, end, facts)];
    case 'lost':
    case 'elsewhere':
      return [judgeRouting(group.followed, facts)];
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
  const why = end.at === 'unknown' ? end.why : '';
  const rule = end.at === 'unknown' ? end.rule?.text : undefined;
  return unknown('path-unknown', `cannot tell whether ${first.request.name} gets through: ${why}`, {
    about: namesOf(followed),
    evidence: [...(rule === undefined ? [] : [rule]), ...pathLines(followed)],
    remedies: [
      type('send real packets along it', sh`rulesguard doctor ${first.request.subjects[0] ?? ''} --probe`),
    ],
  });
}

function judgeStop({ followed, first }: Group, end: Stopped, facts: Facts): Check {
  const { backend, table, chain, rule, target } = end;
  const { family } = first.path.packet;
  const where = `${backend === facts.backend ? '' : `${backend} `}${family === 'ipv6' ? 'ipv6 ' : ''}${table} ${chain}`;
  const counters =
    rule === undefined || rule.counters === '' ? [] : [`packets:bytes so far ${rule.counters}`];
  const evidence = [...(rule === undefined ? [] : [rule.text]), ...counters, ...pathLines(followed)];
  const facets = { about: namesOf(followed), evidence };
  const ends = target === 'REJECT' ? 'refuses' : 'drops';
  if (rule === undefined)
    return fail(
      backend === facts.backend ? 'policy-stops' : 'other-backend-stops',
      `the policy of ${where} drops packets: no rule lets ${first.request.name} through`,
      {
        ...facets,
        meaning: 'what no rule accepts ends there',
        remedies: [letThrough(first, facts, end)],
      },
    );
  const owner = ownerOf(rule, table, family, backend === facts.backend ? facts.owned : undefined);
  if (owner === 'docker' && isCalledFor(first, facts)) return closedByDesign(followed, facts, facets);
  const manager = /^ufw6?-/.test(chain) ? 'ufw' : undefined;
  const remove = type(
    manager === undefined
      ? 'take it out, and out of the file it is loaded from'
      : `take it out until ${manager} loads it again; for good: ufw status numbered, then ufw delete NUMBER`,
    takeOut(rule, table, family, backend, facts),
  );
  return fail(
    chain === 'DOCKER-USER'
      ? 'user-rule-stops'
      : backend === facts.backend
        ? 'rule-stops'
        : 'other-backend-stops',
    `a rule in ${where} ${ends} packets for ${namesOf(followed)}`,
    {
      ...facets,
      meaning:
        chain === 'DOCKER-USER'
          ? "it is your own rule, and stands before all of Docker's"
          : `it is not Docker's, and decides before${backend === facts.backend ? '' : ' or after'} Docker's rules do`,
      remedies: [remove],
    },
  );
}

/** Within a network only icc=false closes anything; a rule in Docker's words where it is on is somebody else's. */
function isCalledFor({ request: { kind, subjects } }: Followed, { networks }: Facts): boolean {
  const network = networks.find(({ name }) => subjects.slice(2).includes(name));
  return kind !== 'same-network' || network?.options['com.docker.network.bridge.enable_icc'] === 'false';
}

/** A rule of the user's that opens what a policy closes, in the place Docker leaves for them. */
function letThrough({ path, request }: Followed, facts: Facts, { backend, table, chain }: Stopped): Remedy {
  const { last } = path;
  const tool = toolOf(last.family, backend, facts);
  if (backend !== facts.backend)
    return type(
      "open it: Docker's rules in the other backend still decide",
      `${tool} -w -t ${table} -P ${chain} ACCEPT`,
    );
  const place =
    table === 'filter' && chain === 'FORWARD' && backend === facts.backend ? 'DOCKER-USER' : chain;
  const port =
    last.destinationPort === 0 ? '' : ` -p ${last.protocol} --dport ${String(last.destinationPort)}`;
  const isReply = request.packet.state === 'ESTABLISHED';
  const rule = isReply ? '-m conntrack --ctstate RELATED,ESTABLISHED' : `-d ${last.destination}${port}`;
  return type('let it through', `${tool} -w -t ${table} -I ${place} ${rule} -j ACCEPT`);
}
