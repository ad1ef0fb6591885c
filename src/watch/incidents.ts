import type { NotedEffect } from './event.ts';
import type { Author } from './seen.ts';

/** What differs now, by the effect's id, and since when: milliseconds of the schedule's clock. */
export type Open = ReadonlyMap<string, OpenEffect>;

interface OpenEffect {
  readonly effect: NotedEffect;
  readonly since: number;
}

/** What a look changed. */
export interface LookedDifference {
  readonly open: Open;
  readonly began: readonly NotedEffect[];
  readonly ended: readonly OpenEffect[];
}

/**
 * What began and what ended with a look.
 *
 * @param since - when the first change was seen that the look judges
 */
export function turned(open: Open, found: readonly NotedEffect[], since: number): LookedDifference {
  const next = new Map(
    found.map((effect) => [effect.id, { effect, since: open.get(effect.id)?.since ?? since }]),
  );
  return {
    open: next,
    began: found.filter(({ id }) => !open.has(id)),
    ended: [...open.values()].filter(({ effect }) => !next.has(effect.id)),
  };
}

/** What is open, without effects that ended. */
export function without(open: Open, ended: readonly NotedEffect[]): Open {
  const ids = new Set(ended.map(({ id }) => id));
  return new Map([...open].filter(([id]) => !ids.has(id)));
}

/** How many authors an event names. */
const MOST_AUTHORS = 8;

/** Authors, with one more: each program once, the first first. */
export function withAuthor(authors: readonly Author[], author: Author): readonly Author[] {
  const isSame = (one: Author): boolean => one.pid === author.pid && one.name === author.name;
  return authors.length >= MOST_AUTHORS || authors.some(isSame) ? authors : [...authors, author];
}
