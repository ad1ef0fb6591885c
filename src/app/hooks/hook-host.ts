import type { Program } from '../../hooks/call.ts';
import type { FileChange, FileTree } from '../../hooks/plan.ts';
import type { Fired } from '../../hooks/fired.ts';
import type { Clock } from '../ports.ts';

/** What installing and removing hooks, and asking for their state, touch of a host. */
export interface HookHost extends Pick<Clock, 'now'> {
  readonly tree: FileTree;
  /** Whether the tree is this host's own, and not that of an image. */
  readonly isThisHost: boolean;
  /** The `rulesguard` that hooks are to run. */
  readonly program: Program;
  /** Runs a program as a hook would, without any effect. @returns why it cannot run; undefined when it can */
  readonly tryProgram: (program: Program) => Promise<string | undefined>;
  /** Whether somebody besides root could change the program. */
  readonly belongsToOthers: (program: Program) => boolean;
  /** Writes what was planned. @throws Fault RG_UNSAFE_FILE */
  readonly write: (changes: readonly FileChange[]) => Promise<void>;
  readonly systemdRuns: () => boolean;
  /** Asks systemd. @returns what it said, when it did not do it */
  readonly systemctl: (...words: readonly string[]) => Promise<string | undefined>;
  readonly readFired: (target: string) => Promise<Fired | undefined>;
  readonly forgetFired: (target: string) => Promise<void>;
}
