import type { Paint } from '../report/text.ts';
import type { HostOptions } from '../host/state/host-options.ts';
import type { ConfigFile } from '../host/config/defaults.ts';
import type { Log } from '../host/log/log.ts';

/** What is left unsettled, in one line, and the exit code of a command that found nothing else. */
export interface Left {
  readonly exit: 1 | 3;
  readonly headline: string;
}

/** What every command is given beside its own options. */
export interface Context extends HostOptions {
  /** Whether `--wait` was typed: then the configuration has no say in it. */
  readonly waitGiven: boolean;
  /** Read by the commands that need it, see `configured`. */
  readonly configFile: ConfigFile;
  /** A change that nobody confirmed and nothing rolled back: all is not well, whatever the rules say. */
  readonly unsettled: Left | undefined;
  readonly paint: Paint;
  readonly log: Log;
  /** Data for stdout, as text. */
  readonly print: (text: string) => void;
  /** Data for stdout, byte for byte (latin1). */
  readonly printBytes: (bytes: string) => void;
}

/** What a command ends with, 0 to 255: `run` passes on the guarded command's own. Faults are thrown. */
export type Exit = number;
