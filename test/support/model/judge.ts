import { requiredBy, SETTINGS } from '../recorded/inventories.ts';
import type { Judge } from './explore.ts';
import { copiesIn, namesIn, type World } from './world.ts';

/** Rules of Docker's that are lost, doubled or stale, by `TABLE TEXT`. */
function differences(world: World): {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly stale: readonly string[];
} {
  const required = requiredBy(world.engine, SETTINGS);
  if (required === undefined) throw new Error('an Engine of which nothing is known');
  const [wanted, live] = [copiesIn(required), copiesIn(world.rules)];
  return {
    lost: [...wanted.keys()].filter((key) => !live.has(key)),
    doubled: [...wanted].flatMap(([key, copies]) => ((live.get(key) ?? 0) > copies ? [key] : [])),
    stale: [...live.keys()].filter((key) => !wanted.has(key) && !key.includes('203.0.113.')),
  };
}

/**
 * What must hold at each end of a restore, once dockerd has come to its own:
 *
 * * It ends no worse than it began: no rule is lost that it took out last, none doubled or stale that it wrote last.
 * * Where the second writer was quiet when it looked for the last time: nothing is lost, doubled or stale, nothing was left to him. Of a container
 *   or a network that was not listed then it could not know that its rules had been lost.
 */
export const soundAtTheEnd: Judge = ({ world: atEnd, result, scenario: { script, writer } }) => {
  let world = atEnd;
  while (script.hasNext(world)) world = script.next(world);
  const { lost, doubled, stale } = differences(world);
  const isQuiet = atEnd.looked.writer === writer.length;
  const late = namesIn(world.engine).filter((name) => !atEnd.looked.listed.includes(name));
  const isLate = (key: string): boolean => late.some((name) => key.includes(name));
  const by = (actor: string, keys: readonly string[]): readonly string[] =>
    keys.filter((key) => world.authors.get(key) === actor);
  return [
    ...by('restore', lost).map((key) => `taken out by the restore: ${key}`),
    ...by('restore', doubled).map((key) => `doubled by the restore: ${key}`),
    ...by('restore', stale).map((key) => `stale, written by the restore: ${key}`),
    ...(isQuiet ? lost.filter((key) => !isLate(key)).map((key) => `lost although all is quiet: ${key}`) : []),
    ...(isQuiet ? doubled.map((key) => `doubled although all is quiet: ${key}`) : []),
    ...(isQuiet
      ? result.left.map(({ rule, reason }) => `left although all is quiet: ${rule}: ${reason}`)
      : []),
  ];
};
