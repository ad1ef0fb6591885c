import { answerOutcome, outcomeOf, type PathOutcome } from '../../reach/goal.ts';
import { laterIn } from '../../reach/judge/decider.ts';
import type { Path } from '../../trace/path.ts';
import { traceAnswer, tracePath } from '../../trace/trace.ts';
import { listNames } from '../checks/check.ts';
import type { NamedPath } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import type { StopPlace } from '../whose.ts';
import { outcomeWords } from './outcome-words.ts';
import type { PathRequest } from './request.ts';

/** A path, followed. */
export interface Followed {
  readonly request: PathRequest;
  readonly path: Path;
  readonly outcome: PathOutcome;
}

/** Whether a packet gets where it should, by whatever way. */
export const isThrough = ({ outcome }: Pick<Followed, 'outcome'>): boolean =>
  outcome.is === 'reached' || outcome.is === 'detour';

/** Where a path is stopped; undefined for one that is not. */
export function stopOf({ request, path }: Followed): StopPlace | undefined {
  const { end, packet, steps } = path;
  if (end.at !== 'stopped') return undefined;
  return {
    ...{ end, family: packet.family, hook: steps.at(-1)?.hook ?? 'FORWARD', way: wayOf(request) },
    later: laterIn(path),
  };
}

/** The kind of way, in the words of a baseline's record of what others decide. */
function wayOf({ kind, packet: { inInterface } }: PathRequest): string {
  switch (kind) {
    case 'published':
      return `outage outside ${inInterface} published`;
    case 'outbound':
      return 'outage none outside';
    case 'same-network':
    case 'other-network':
    case 'host':
      return `outage ${kind} own-port`;
  }
}

/** The paths that one rule, route or setting ends. */
export interface Group {
  readonly followed: readonly Followed[];
  readonly first: Followed;
}

/** Traces a path, and the answer of one that gets through, and decides whether the packets got where they should. */
export function follow(request: PathRequest, { netState }: Facts): readonly Followed[] {
  const { packet, goal, answer, name } = request;
  const path = tracePath(packet, netState);
  const there = judged(request, path, outcomeOf(path, goal, netState));
  // Where a translation leads is not known in full, so its answer cannot be followed.
  if (answer === undefined || there.outcome.is !== 'reached' || path.last.vague !== undefined) return [there];
  // What docker-proxy serves, this host answers itself.
  const isHere = path.end.at === 'local';
  const [door, port] = isHere ? ['', ''] : [answer.inInterface, answer.inPort];
  const back = traceAnswer(path, netState, door, port);
  const outcome = answerOutcome(outcomeOf(back, answer.goal, netState), path, back);
  return [there, judged({ ...request, name: `${name} (answer)` }, back, outcome)];
}

const judged = (request: PathRequest, path: Path, outcome: PathOutcome): Followed => ({
  request:
    request.mayBeClosed === true && outcome.is === 'stopped' && !isByHost(path)
      ? { ...request, shouldPass: false }
      : request,
  path,
  outcome,
});

/** Whether this host's own firewall stops what comes to it, or leaves it. */
const isByHost = ({ steps, end }: Path): boolean =>
  !isDiscovery(end) && ['INPUT', 'OUTPUT'].includes(steps.at(-1)?.hook ?? '');

/** Whether neighbour discovery is stopped, which nobody means. */
const isDiscovery = (end: Path['end']): boolean => end.at === 'stopped' && end.discovers === true;

/** Whether a path ends at this host's own firewall, where nobody has promised that it does not: at INPUT, or on its way from here at OUTPUT. */
export const isClosedByHost = ({ request, path, outcome }: Followed): boolean =>
  request.shouldPass && outcome.is === 'stopped' && (request.mayBeClosed === true || isKeptIn(path));

/** Whether what this host asks is kept in by its own filter; what else drops it there, nobody has as a firewall of the host's. */
const isKeptIn = ({ packet, end, steps }: Path): boolean =>
  packet.inInterface === '' &&
  packet.state === 'NEW' &&
  steps.at(-1)?.hook === 'OUTPUT' &&
  end.at === 'stopped' &&
  end.discovers !== true &&
  (end.native !== undefined || end.table === 'filter' || end.table === 'security');

/**
 * A followed path with its verdict. What should not get through, and does not, is ok.
 *
 * @param isOwn - closed by the operator's own rules, where nobody asked about this path by name
 */
export function namedPath({ request, path, outcome }: Followed, isOwn: boolean): NamedPath {
  const { name, kind, subjects, shouldPass } = request;
  const verdict =
    outcome.is === 'unknown'
      ? 'unknown'
      : outcome.is === 'reached' || outcome.is === 'detour' || !shouldPass
        ? 'ok'
        : isOwn
          ? 'warn'
          : 'fail';
  return { name, kind, subjects, shouldPass, verdict, path, flaw: outcomeWords(outcome, path.last) };
}

/** `path: outside → web:80`, for the first few. */
export const pathLines = (followed: readonly Followed[]): readonly string[] =>
  [...new Set(followed.map(({ request }) => request.name))].slice(0, 3).map((name) => `path: ${name}`);

/** Whose containers the ended paths are of. */
export const namesOf = (followed: readonly Followed[]): string =>
  listNames([...new Set(followed.flatMap(({ request }) => request.subjects.slice(0, 1)))]);
