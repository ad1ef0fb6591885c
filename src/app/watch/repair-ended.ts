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
 * @param named - effects with the ids they are known by
 */
export async function brokenAgain(
  { before, done }: Undertaken,
  found: readonly NotedEffect[],
  notes: Notes,
  named: (effects: readonly NotedEffect[]) => readonly NotedEffect[],
): Promise<readonly NotedEffect[]> {
  const ids = new Set(before.map(({ id }) => id));
  const still = found.filter(({ id }) => ids.has(id));
  if (still.length === 0) return [];
  try {
    const left = new Set(named(await done.leftThen()).map(({ id }) => id));
    return still.filter(({ id }) => !left.has(id));
  } catch (error) {
    notes.failed('cannot say what the repair had left', error);
    return [];
  }
}

/** What a look made of what was open. */
export interface LookOutcome {
  /** The repair before it. */
  readonly undertaken: Undertaken | undefined;
  /** By the look, without what was broken again since the repair. */
  readonly found: readonly NotedEffect[];
  readonly ended: LookedDifference['ended'];
}

/** Tells what a repair came to, and what ended without one. @param by - who changed rules since the last look, where somebody did */
export function tellOutcome(
  notes: Notes,
  attempts: Attempts,
  { undertaken, found, ended }: LookOutcome,
  now: number,
  by: More,
): void {
  if (undertaken !== undefined) tellRepair(notes, attempts, undertaken, found, now);
  const repaired = new Set(undertaken?.before.map(({ id }) => id));
  const others = ended.filter(({ effect }) => !repaired.has(effect.id));
  if (others.length === 0) return;
  const effects = others.map(({ effect }) => effect);
  const lasted = Math.max(...others.map(({ since }) => now - since));
  notes.say('ended', effectsSay(effects), { effects, lasted, ...by });
}

function tellRepair(
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
  if (done.unjournaled !== undefined)
    notes.left('failed', `the repair is not in the journal, and cannot be undone: ${done.unjournaled}`);
  if (fights.length > 0) notes.say('fight', fightSays(fights), { effects: fights, ...named });
  if (left.length > 0) notes.left('not-repaired', leftSays(left, done.left), { effects: left, ...named });
}
