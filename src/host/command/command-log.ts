import { channel, subscribe } from 'node:diagnostics_channel';

/** A command that was run, at its end. */
export interface CommandEnd {
  /** The program and its arguments, as they were given to it. */
  readonly words: readonly string[];
  readonly milliseconds: number;
  /** `exit 0`, the signal that ended it, or why it was not started. */
  readonly end: string;
}

/** A diagnostics channel of Node's: without a subscriber nothing is built or timed. */
const NAME = 'rulesguard.command';
const commands = channel(NAME);

/** Calls `listener` at the end of every command that this process runs from now on. */
export function onCommand(listener: (ended: CommandEnd) => void): void {
  subscribe(NAME, (ended) => {
    listener(ended as CommandEnd);
  });
}

/** How a command ended: its exit code, else the signal, else why there was none. */
export interface Ended {
  readonly exitCode?: number | null | undefined;
  readonly signal?: string | null | undefined;
  readonly code?: string | undefined;
  /** How it ended, where that is neither an exit nor a signal: `status 200`. */
  readonly as?: string;
}

/**
 * Starts timing a command.
 *
 * @returns what is to be called at its end
 */
export function timeCommand(words: readonly string[]): (ended: Ended) => void {
  if (!commands.hasSubscribers) return () => undefined;
  const begun = performance.now();
  return ({ exitCode, signal, code, as }) => {
    const end =
      typeof exitCode === 'number'
        ? `exit ${String(exitCode)}`
        : (as ?? signal ?? `not run: ${code ?? 'no reason given'}`);
    commands.publish({ words, milliseconds: Math.round(performance.now() - begun), end });
  };
}
