import type { NotedEffect } from './event.ts';

/** An effect is known for so long after it was found, in milliseconds: as long as a repair of it counts (`repairs.ts`). */
const MEMORY = 300_000;

interface KnownEffect {
  readonly effect: NotedEffect;
  readonly found: number;
}

/** Effects that were found lately: one that goes on, or comes back, is the same though containers started or stopped meanwhile. */
export class KnownEffects {
  private known: ReadonlyMap<string, KnownEffect> = new Map();

  /**
   * What was found, each with the id it had when it was first found: an effect that shares a cell or a rule with a known one of the same kind and
   * cause is that one.
   *
   * @param now - milliseconds of a clock that never goes back
   */
  named(found: readonly NotedEffect[], now: number): readonly NotedEffect[] {
    const known = [...this.known].filter(([, one]) => now - one.found < MEMORY);
    const taken = new Set(found.map(({ id }) => id));
    const named = found.map((effect) => {
      if (known.some(([id]) => id === effect.id)) return effect;
      const was = known.find(([id, one]) => !taken.has(id) && isSame(one.effect, effect))?.[0];
      if (was === undefined) return effect;
      taken.add(was);
      return { ...effect, id: was };
    });
    this.known = new Map([...known, ...named.map((effect) => [effect.id, { effect, found: now }] as const)]);
    return named;
  }
}

function isSame(known: NotedEffect, found: NotedEffect): boolean {
  if (known.effect !== found.effect || known.cause !== found.cause) return false;
  const covers = new Set(known.covers);
  return found.covers?.some((cover) => covers.has(cover)) === true;
}
