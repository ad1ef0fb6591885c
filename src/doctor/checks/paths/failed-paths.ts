import { NATIVES_UNREAD } from '../../../trace/native/beside.ts';
import { sh } from '../../../shell.ts';
import { checksOf } from '../check.ts';
import { untried } from '../../remedies/proposal.ts';
import type { Check } from '../../diagnosis.ts';
import { isUnseen, type Facts } from '../../facts/facts.ts';
import { judgeNativeStop } from './native.ts';
import { judgeMistranslated, judgeUnmasked, judgeUntranslated } from './translation.ts';
import {
  isClosedByHost,
  isThrough,
  namesOf,
  pathLines,
  stopOf,
  type Followed,
  type Group,
} from '../../paths/follow.ts';
import { blockingRule, homeOf } from '../../paths/routes.ts';
import { isTranslatedElsewhere } from '../../paths/translators.ts';
import { isNative } from '../../remedies/native.ts';
import { judgeDetour, judgeNotUndone } from './answers-astray.ts';
import { judgeRouting } from './routing.ts';
import { judgeDiscovery } from './discovery.ts';
import { judgeHostClosed } from './host-closed.ts';
import { isClosedByOperator, judgeClosed, judgeStop } from './stops.ts';

const { ok, unknown } = checksOf('path');

/**
 * What the paths that do not reach their goal are stopped by; one check for each cause, however many paths it ends.
 *
 * @param isWhole - nobody asked about these paths by name: what an operator closed is not counted then
 */
export function judgePaths(all: readonly Followed[], facts: Facts, isWhole: boolean): readonly Check[] {
  const open = all.filter(({ request }) => request.shouldPass);
  const groups = new Map<string, Followed[]>();
  for (const one of open) {
    if (one.outcome.is === 'reached' || isReportedOnce(one, facts)) continue;
    const key = `${isWhole && isClosedByHost(one) ? 'closed ' : ''}${groupKeyOf(one, facts)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  // What was closed on purpose comes behind what nobody meant.
  const inOrder = [...groups].sort(([a], [b]) => Number(isClosing(a)) - Number(isClosing(b)));
  const checks = inOrder.flatMap(([, followed]) => {
    const [first] = followed;
    return first === undefined ? [] : judgeGroup({ followed, first }, facts, isWhole);
  });
  const reached = open.filter(isThrough).length;
  return reached === 0
    ? checks
    : [...checks, ok('paths', `${String(reached)} paths get through, by the rules`)];
}

const isClosing = (key: string): boolean => key.startsWith('closed ');

/** What could not be read is reported once, and not with every path that depends on it. */
const isReportedOnce = ({ path: { end } }: Followed, facts: Facts): boolean =>
  end.at === 'unknown' &&
  ((end.why === NATIVES_UNREAD && isUnseen(facts, 'nftables tables')) || end.why === facts.netState.unread);

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
      return `${end.discovers ? 'discovery' : isClosedByOperator(followed, facts) ? 'closed' : 'stopped'} ${end.variant} ${end.table} ${end.chain} ${end.rule?.text ?? 'policy'}`;
    case 'lost': {
      const rule = blockingRule(followed, facts.netState);
      if (rule !== undefined) return `lost by rule ${String(rule.priority)} ${last.family}`;
      return `lost ${end.why === 'rp-filter' ? packet.inInterface : (homeOf(last.destination, facts)?.bridge ?? end.detail)}`;
    }
    case 'unknown':
      return `unknown ${end.why}`;
    case 'sent':
    case 'local':
      break;
  }
  return `${outcome.is} ${last.family}`;
}

function judgeGroup(group: Group, facts: Facts, isWhole: boolean): readonly Check[] {
  const { outcome } = group.first;
  switch (outcome.is) {
    case 'reached':
      return [];
    // The check of docker-proxy itself tells it.
    case 'unserved':
      return [];
    case 'unknown':
      return [judgeUnknown(group)];
    case 'stopped': {
      const stop = stopOf(group.first);
      if (stop === undefined) return [];
      if (stop.end.discovers) return [judgeDiscovery(group, stop, facts)];
      if (isWhole && isClosedByHost(group.first)) return [judgeHostClosed(group, stop.end)];
      if (isTranslatedElsewhere(group.first)) return [judgeMistranslated(group, facts)];
      if (isWhole && isClosedByOperator(group.first, facts)) return [judgeClosed(group, stop, facts)];
      return [isNative(stop.end) ? judgeNativeStop(group, stop.end, facts) : judgeStop(group, stop, facts)];
    }
    case 'lost':
    case 'elsewhere':
      return [judgeRouting(group, facts)];
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
      untried(
        'shows',
        'send real packets along it',
        sh`rulesguard doctor ${first.request.subjects[0] ?? ''} --probe`,
      ),
    ],
  });
}
