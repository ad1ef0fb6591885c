import type { EngineReply } from '../../docker/engine-reply.ts';

/** The Engine's reply, kept while nothing says that it is no longer true. */
export interface ResidentEngine {
  readonly ask: () => Promise<EngineReply>;
  /** Whether one has answered at all. */
  readonly hasAnswered: () => boolean;
  /** What was said is no longer true. */
  readonly forget: () => void;
  /** Whether the Engine tells of what it does: a reply is kept only while it does. */
  readonly isTold: (told: boolean) => void;
}

/** A reply is asked for again after so long, in milliseconds, whatever was told: events may be lost. */
const LONGEST = 600_000;

/**
 * Asks an Engine once for many looks.
 *
 * @param now - milliseconds of a clock that never goes back
 */
export function residentEngine(ask: () => Promise<EngineReply>, now: () => number): ResidentEngine {
  let kept: { readonly reply: EngineReply; readonly at: number } | undefined;
  let told = false;
  let generation = 0;
  let hasAnswered = false;
  const forget = (): void => {
    kept = undefined;
    generation++;
  };
  return {
    ask: async () => {
      if (kept !== undefined && now() - kept.at < LONGEST) return kept.reply;
      const asked = generation;
      const at = now();
      const reply = await ask();
      hasAnswered ||= reply.answered;
      if (told && reply.answered && asked === generation) kept = { reply, at };
      return reply;
    },
    hasAnswered: () => hasAnswered,
    forget,
    isTold: (is) => {
      told = is;
      forget();
    },
  };
}
