import type { Program } from './call.ts';
import type { FileState, HookFile } from './file.ts';

/** The files of a host, as far as a target has to look at them. */
export interface SeenFiles {
  readonly read: (path: string) => FileState | undefined;
  /** Names in a folder, sorted; none when it is not there. */
  readonly list: (folder: string) => readonly string[];
}

/** How a hook is to be made. */
export interface Making {
  readonly program: Program;
  /** ufw: refuse `flush-all`. */
  readonly vetoFlushAll: boolean;
}

/** A firewall manager that a hook can be put around. */
export interface Target {
  readonly name: string;
  /** What the hook does there, in one line. */
  readonly about: string;
  /** The manager is installed where one of these is there. */
  readonly signs: readonly string[];
  /** What a hook may consist of, whatever of the manager is there now: `remove` and `status` look here. */
  readonly places: readonly string[];
  /** What to write. */
  readonly files: (seen: SeenFiles, making: Making) => readonly HookFile[];
  /** Units that systemd has to know of, where it runs: `start` is started with the hook and stopped with it, `stop` stopped alone. */
  readonly units?: { readonly reload: true; readonly start?: string; readonly stop?: string };
  /** What a person has to know after the installation. */
  readonly note?: string;
}
