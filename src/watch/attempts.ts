import type { NotedEffect } from './event.ts';
import { fought, notBefore, noted, type Repairs } from './repairs.ts';

/** What a repair left is tried again after so long, or when something changes. Milliseconds. */
const AFTER_LEFT = 120_000;

/** What has been repaired, how often, and what a repair left: decides when the next one is worth trying. Milliseconds. */
export class Attempts {
  private repairs: Repairs = new Map();
  private endings: Repairs = new Map();
  private left: ReadonlySet<string> = new Set();

  /** Something changed: what was left may be repairable now. */
  changed(): void {
    this.left = new Set();
  }

  /**
   * What is to be repaired now.
   *
   * @param lost - what a restore repairs
   * @returns or when to ask again
   */
  due(
    lost: readonly NotedEffect[],
    now: number,
  ): { readonly effects: readonly NotedEffect[] } | { readonly later: number } {
    const effects = lost.filter(({ id }) => !this.left.has(id));
    if (effects.length === 0) {
      this.left = new Set();
      return { later: now + AFTER_LEFT };
    }
    const soonest = notBefore(this.repairs, idsOf(effects), now);
    return soonest > now ? { later: soonest } : { effects };
  }

  /** Whether nothing waits that was repaired too often, or could not be. */
  isFree(now: number): boolean {
    const ids = [...this.repairs.keys()];
    return this.left.size === 0 && ids.every((id) => notBefore(this.repairs, [id], now) <= now);
  }

  /** A repair of these was tried. */
  tried(effects: readonly NotedEffect[], now: number): void {
    this.repairs = noted(this.repairs, idsOf(effects), now);
  }

  /**
   * What it came to.
   *
   * @returns those that somebody keeps breaking again, when that becomes clear
   */
  came(
    to: { readonly ended: readonly NotedEffect[]; readonly left: readonly NotedEffect[] },
    now: number,
  ): readonly NotedEffect[] {
    const ids = idsOf(to.ended);
    const before = new Set(fought(this.endings, ids, now));
    this.endings = noted(this.endings, ids, now);
    this.left = new Set(idsOf(to.left));
    const begins = new Set(fought(this.endings, ids, now).filter((id) => !before.has(id)));
    return to.ended.filter(({ id }) => begins.has(id));
  }
}

const idsOf = (effects: readonly NotedEffect[]): readonly string[] => effects.map(({ id }) => id);
