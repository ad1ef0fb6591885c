import type { Remedy } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import { follow, type Followed, type Group } from '../paths/follow.ts';
import { advise, proposal, remedyOf, type Proposal, type RemedyStep } from './proposal.ts';
import { changedBy } from './change.ts';
import { exposedBy, openedBy, type AskedPath } from './opened.ts';

/** Finds what may repair a group of paths, the most thorough first and the narrowest last. */
export type Proposer = (group: Group, facts: Facts) => readonly Proposal[];

/** So many faults may stand behind one another on one path. */
const MOST = 4;

/**
 * The first remedy that was tried in memory and holds: every path of the group gets through afterwards, and nothing is opened
 * that Docker means to be stopped or that was closed on purpose. Where something else stops a path then, the commands against that
 * follow in the same remedy.
 *
 * @param words - what is said where none holds
 */
export function offered(
  group: Group,
  facts: Facts,
  propose: Proposer,
  ...words: readonly Remedy[]
): readonly Remedy[] {
  const found = search(group, facts, { propose, start: facts, left: MOST });
  if (found !== undefined) return [remedyOf(found)];
  const part = inPart(group, facts, propose);
  return part === undefined ? words : [remedyOf(part), ...words];
}

/**
 * The rule of policy routing that has the most paths of a group get through, where none has all of them; it says of how many that holds.
 * A rule of a firewall is not taken out for a part.
 */
function inPart({ followed }: Group, facts: Facts, propose: Proposer): Proposal | undefined {
  const [first] = followed;
  if (first === undefined) return undefined;
  const asked = followed.map(({ request }) => request);
  const paths = new Set(followed.map(({ request }) => questionOf(request.name))).size;
  const tried = propose({ followed, first }, facts).flatMap((one) => {
    const isAdded = one.steps.every(({ change }) => change.of === 'route-rule' && change.op === 'add');
    const after = isAdded ? leftBy(one, facts, { asked }) : undefined;
    if (after === undefined) return [];
    const lost = new Set(
      stillFailing({ followed, first }, after).map(({ request }) => questionOf(request.name)),
    );
    return lost.size < paths ? [{ one, kept: paths - lost.size }] : [];
  });
  const [best] = tried.sort((a, b) => b.kept - a.kept);
  return (
    best && {
      ...best.one,
      what: `repairs ${String(best.kept)} of ${String(paths)} paths: ${best.one.what}`,
    }
  );
}

const questionOf = (name: string): string => name.replace(/ \(answer\)$/, '');

/**
 * The first of several changes to the host that opens nothing which Docker means to be stopped, or that was closed on purpose.
 * It is held against no path: the check that it is for read the host itself.
 *
 * @param words - what is said where none holds
 */
export function harmless(
  proposals: readonly Proposal[],
  facts: Facts,
  ...words: readonly Remedy[]
): readonly Remedy[] {
  const found = proposals.find((one) => leftBy(one, facts) !== undefined);
  return found === undefined ? words : [remedyOf(found)];
}

/**
 * The host as a proposal leaves it.
 *
 * @param start - the host before any step; absent: as it is now
 * @param asked - what may be opened
 * @returns undefined where the kernel would refuse it, nobody knows what it leaves, or it opens something
 */
export function leftBy(
  { steps }: Proposal,
  facts: Facts,
  { start = facts, asked = [] }: { readonly start?: Facts; readonly asked?: readonly AskedPath[] } = {},
): Facts | undefined {
  const changes = steps.map(({ change }) => change);
  const after = changedBy(facts, changes);
  if (after === undefined) return undefined;
  const opened = changes.every(({ of }) => of === 'restore')
    ? exposedBy(start, after)
    : openedBy(start, after, asked);
  return opened.length > 0 ? undefined : after;
}

/** What is said of a command that would open something. */
const OPENS =
  'repair what Docker closes first, then ask again: this would now open what Docker means to be closed (rulesguard reach)';

/** Commands about one thing of the host, as {@link harmless}. */
export const tried = (what: string, steps: readonly RemedyStep[], facts: Facts): readonly Remedy[] =>
  steps.length === 0 ? [] : harmless([proposal(what, ...steps)], facts, advise(OPENS));

interface RemedySearch {
  readonly propose: Proposer;
  /** The host as it is, before any step. */
  readonly start: Facts;
  readonly left: number;
}

/** One remedy that does it alone is better than several in a row. */
function search(group: Group, facts: Facts, { propose, start, left }: RemedySearch): Proposal | undefined {
  if (left === 0) return undefined;
  const requests = group.followed.map(({ request }) => request);
  const tried = propose(group, facts).flatMap((one) => {
    const after = leftBy(one, facts, { start, asked: requests });
    if (after === undefined) return [];
    return [{ one, after, failing: stillFailing(group, after) }];
  });
  const alone = tried.find(({ failing }) => failing.length === 0);
  if (alone !== undefined) return alone.one;
  for (const { one, after, failing } of tried) {
    const [first] = failing;
    // The same end again: it was no remedy.
    if (first === undefined || endOf(first) === endOf(group.first)) continue;
    const next = search({ followed: failing, first }, after, { propose, start, left: left - 1 });
    if (next !== undefined) return { what: one.what, steps: [...one.steps, ...next.steps] };
  }
  return undefined;
}

/** What of a group does not get through on a host, there or back; of several that fail alike, the first to fail. */
function stillFailing({ followed, first }: Group, facts: Facts): readonly Followed[] {
  const isLed = first.outcome.is === 'elsewhere';
  const seen = new Set<string>();
  return followed.flatMap(({ request }) => {
    const asked = { ...request, name: questionOf(request.name), shouldPass: true };
    if (seen.has(asked.name)) return [];
    seen.add(asked.name);
    return follow(asked, facts).filter(
      (one) => one.outcome.is !== 'reached' && (one.outcome.is !== 'detour' || (isLed && !isArriving(one))),
    );
  });
}

/** By another uplink an answer gets there where a gateway takes it; on a link without one is nobody to take it. */
const isArriving = ({ path: { end } }: Followed): boolean => end.at === 'sent' && end.nextHop !== '';

const endOf = ({ outcome, path: { end, packet } }: Followed): string =>
  end.at === 'stopped'
    ? [packet.state, end.variant, end.table, end.chain, end.rule?.text ?? end.native?.handle].join(' ')
    : [packet.state, outcome.is, end.at].join(' ');
