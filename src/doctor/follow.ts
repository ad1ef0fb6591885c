import { sameBlock } from '../iptables/address.ts';
import type { Packet } from '../trace/packet.ts';
import type { Path } from '../trace/path.ts';
import { traceAnswer, tracePath } from '../trace/trace.ts';
import { listNames } from './check.ts';
import type { NamedPath } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { isWorn } from './lookup.ts';
import type { Goal, PathRequest } from './path-request.ts';

/** What became of a packet, held against what should. */
export type Outcome =
  | { readonly is: 'reached' }
  | { readonly is: 'unknown' }
  /** It ends where no rule, or none of those it met, should have ended it. */
  | { readonly is: 'stopped' }
  | { readonly is: 'lost' }
  /** It leaves by another interface than the one its goal is at. */
  | { readonly is: 'elsewhere'; readonly by: string }
  /** Nothing translated it: it ends at this host itself. */
  | { readonly is: 'untranslated' }
  /** Something else translated it. */
  | { readonly is: 'mistranslated' }
  /** It leaves with an address nobody outside can answer. */
  | { readonly is: 'unmasked' };

/** A path, followed. */
export interface Followed {
  readonly request: PathRequest;
  readonly path: Path;
  readonly outcome: Outcome;
}

/** A culprit's paths, all that end by it. */
export interface Group {
  readonly followed: readonly Followed[];
  readonly first: Followed;
}

/** Traces a path, and the answer of one that gets through, and says whether the packets came where they should. */
export function follow(request: PathRequest, { terrain }: Facts): readonly Followed[] {
  const { packet, goal, answer, name } = request;
  const path = tracePath(packet, terrain);
  const there = { request, path, outcome: outcomeOf(path, goal, terrain) };
  // Of a translation to a value not known nobody can say what an answer to it looks like.
  if (answer === undefined || there.outcome.is !== 'reached' || path.last.vague !== undefined) return [there];
  const back = traceAnswer(path, terrain, answer.inInterface, answer.inPort);
  return [
    there,
    {
      request: { ...request, name: `${name} (answer)` },
      path: back,
      outcome: outcomeOf(back, answer.goal, terrain),
    },
  ];
}

function outcomeOf({ end, last }: Path, goal: Goal, { links }: Facts['terrain']): Outcome {
  switch (end.at) {
    case 'unknown':
      return { is: 'unknown' };
    case 'stopped':
      return isOffCourse(last, goal) ? { is: 'elsewhere', by: last.outInterface } : { is: 'stopped' };
    case 'lost':
      return { is: 'lost' };
    case 'local':
      if (goal.to === 'host') return { is: 'reached' };
      return last.translated.destination ? { is: 'mistranslated' } : { is: 'untranslated' };
    case 'sent':
      break;
  }
  const { outInterface } = end;
  if (goal.to === 'outside') {
    return goal.masqueraded && !isWorn({ links }, last.source) ? { is: 'unmasked' } : { is: 'reached' };
  }
  if (goal.to === 'host') return { is: 'elsewhere', by: outInterface };
  if (!sameBlock(last.destination, goal.address) || last.destinationPort !== goal.port)
    return { is: 'mistranslated' };
  return outInterface === goal.bridge ? { is: 'reached' } : { is: 'elsewhere', by: outInterface };
}

/** Routed away from its goal: whoever stopped it afterwards was right to. */
const isOffCourse = ({ outInterface, destination }: Packet, goal: Goal): boolean =>
  goal.to === 'container' &&
  outInterface !== '' &&
  outInterface !== goal.bridge &&
  sameBlock(destination, goal.address);

const VERDICTS = { reached: 'ok', unknown: 'unknown' } as const;

/** How a followed path is told. What should not get through, and does not, is well. */
export function namedPath({ request, path, outcome }: Followed): NamedPath {
  const { name, kind, subjects, wanted } = request;
  const verdict =
    outcome.is === 'reached' || outcome.is === 'unknown' ? VERDICTS[outcome.is] : wanted ? 'fail' : 'ok';
  return { name, kind, subjects, wanted, verdict, path, flaw: flawOf(outcome, path) };
}

function flawOf(outcome: Outcome, { last }: Path): string {
  switch (outcome.is) {
    case 'elsewhere':
      return `leaves by ${outcome.by}`;
    case 'untranslated':
      return 'nothing translates it: it ends at this host';
    case 'mistranslated':
      return `is led to ${last.destination}:${String(last.destinationPort)}`;
    case 'unmasked':
      return `leaves as ${last.source}, which nobody outside can answer`;
    case 'reached':
    case 'unknown':
    case 'stopped':
    case 'lost':
      return '';
  }
}

/** `path: outside → web:80`, for the first few. */
export const pathLines = (followed: readonly Followed[]): readonly string[] =>
  [...new Set(followed.map(({ request }) => request.name))].slice(0, 3).map((name) => `path: ${name}`);

/** Whose containers the ended paths are of. */
export const namesOf = (followed: readonly Followed[]): string =>
  listNames([...new Set(followed.flatMap(({ request }) => request.subjects.slice(0, 1)))]);
