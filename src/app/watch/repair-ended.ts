import type { Attempts } from '../../watch/attempts.ts';
import type { NotedEffect } from '../../watch/event.ts';
import type { LookedDifference } from '../../watch/incidents.ts';
import { effectsSay, fightSays, leftSays } from '../../watch/words.ts';
import type { Undertaken } from './effects-until.ts';
import type { More, Notes } from './notes.ts';

/**
 * What of it a repair had ended that the look after it shows again. A repair looks at what it wrote itself, so that a change which came between the two
 * looks is somebody's who broke it anew, and no failure of the repair.
 *
 * @param found - by the look after the repair
 */
export async function brokenAgain(
  { before, done }: Undertaken,
  found: readonly NotedEffect[],
  notes: Notes,
): Promise<readonly NotedEffect[]> {
  const ids = new Set(before.map(({ id }) => id));
  const still = found.filter(({ id }) => ids.has(id));
  if (still.length === 0) return [];
  try {
    const left = new Set((await done.leftThen()).map(({ id }) => id));
    return still.filter(({ id }) => !left.has(id));
  } catch (error) {
    notes.failed('cannot say what the repair had left', error);
    return [];
  }
}

/**
 * Tells what a repair came to.
 *
 * @param found - what the look after it shows, without what was broken again since
 */
export function tellRepair(
  notes: Notes,
  attempts: Attempts,
  { before, by, done, toDetect, toRepair }: Undertaken,
  found: readonly NotedEffect[],
  now: number,
): void {
  const still = new Set(found.map(({ id }) => id));
  const ended = before.filter(({ id }) => !still.has(id));
  const left = before.filter(({ id }) => still.has(id));
  const named = by.length === 0 ? {} : { by };
  if (ended.length > 0)
    notes.say('repaired', effectsSay(ended), {
      effects: ended,
      lasted: toDetect + toRepair,
      repair: { toDetect, toRepair, journal: done.journal },
      ...named,
    });
  const fights = attempts.came({ ended, left }, now);
  if (fights.length > 0) notes.say('fight', fightSays(fights), { effects: fights, ...named });
  if (left.length > 0) notes.left('not-repaired', leftSays(left, done.left), { effects: left, ...named });
}

/** Tells what ended, and watch did not repair it. @param by - who changed rules, where somebody did */
export function tellEnded(notes: Notes, ended: LookedDifference['ended'], now: number, by: More): void {
  if (ended.length === 0) return;
  const effects = ended.map(({ effect }) => effect);
  notes.say('ended', effectsSay(effects), {
    effects,
    lasted: Math.max(...ended.map(({ since }) => now - since)),
    ...by,
  });
}
