import { setTimeout as sleep } from 'node:timers/promises';
import type { Source, SourceName, Told } from '../../watch/seen.ts';
import { listen, type Way } from './listen.ts';

/** What a source is told by, and how it is kept alive. */
export interface Supervised {
  readonly source: SourceName;
  /** Ways to listen, the best first; why there is none, and what to install. Asked anew for each start. */
  readonly ways: () => Promise<readonly Way[] | string>;
}

/** Milliseconds before a child that ended is started again: the first time, and at most. */
const FIRST = 100;
const LONGEST = 30_000;
/** A child that listened as long had no trouble at its start. */
const STEADY = 10_000;

/**
 * Keeps a child that listens running. Whenever one begins to listen, and whenever one ends, something may have been missed: both is
 * told. Where one way does not get as far as listening, the next is tried. Starts at once; nothing is thrown later.
 *
 * @returns stops it: the child is killed and has ended
 */
export function supervise(told: Told, { source, ways }: Supervised): Source {
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = (): boolean => signal.aborted;
  const state = (works: boolean, says: string): void => {
    if (!stopped()) told.state({ source, works, says });
  };
  const missed = (reason: string): void => {
    if (!stopped()) told.seen({ kind: 'missed', source, reason });
  };

  async function keepListening(): Promise<void> {
    for (let pause = FIRST; !stopped();) {
      const { why, listened } = await once();
      if (stopped()) return;
      pause = listened > STEADY ? FIRST : pause;
      state(false, `${why}; tried again in ${String(pause / 1000)} s`);
      if (listened > 0) missed(why);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LONGEST);
    }
  }

  /** Listens in the first way that works, until its child ends. */
  async function once(): Promise<{ readonly why: string; readonly listened: number }> {
    const found = await ways();
    if (typeof found === 'string') return { why: found, listened: 0 };
    const reasons: string[] = [];
    for (const way of found) {
      let since: number | undefined;
      const why = await listen(way, signal, {
        listens: () => {
          since = performance.now();
          missed('it began to listen');
          state(true, way.says);
        },
        missed,
      });
      if (since !== undefined) return { why, listened: performance.now() - since };
      reasons.push(why);
      if (stopped()) break;
    }
    return { why: reasons.join('; '), listened: 0 };
  }

  const ended = keepListening().catch((error: unknown) => {
    state(false, `it ended: ${error instanceof Error ? error.message : String(error)}`);
  });
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
