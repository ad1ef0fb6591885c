import type { Paint } from '../report/text.ts';
import type { ConfigFile } from '../system/config-defaults.ts';
import type { Log } from '../system/log.ts';

/** What every command is given beside its own options. */
export interface Context {
  readonly stateDir: string;
  readonly runDir: string;
  /** How long to wait for another rulesguard's lock, and for the xtables lock, in seconds. */
  readonly waitSeconds: number;
  /** Whether `--wait` was typed: then the configuration has no say in it. */
  readonly waitGiven: boolean;
  /** Read by the commands that need it, see `configured`. */
  readonly configFile: ConfigFile;
  /** The command line behind the two dashes of `run`. */
  readonly guarded: readonly string[];
  readonly paint: Paint;
  readonly log: Log;
  /** Data for stdout, as text. */
  readonly print: (text: string) => void;
  /** Data for stdout, byte for byte (latin1). */
  readonly printBytes: (bytes: string) => void;
}

/** What a command ends with, 0 to 255: `run` passes on the guarded command's own. Faults are thrown. */
export type Exit = number;
