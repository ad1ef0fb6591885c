import type { ManagersEra } from './root.ts';
import { MANAGERS_OF_DAEMONS } from './managers-daemons.ts';
import { MANAGERS_OF_FILES } from './managers-files.ts';

/** Something an administrator types, and what is to be expected of it. */
export interface Change {
  readonly typed: string;
  /** Whether Docker loses anything by it, without us. */
  readonly hurts: boolean;
  /** Whether a rehearsal can tell; where it needs a daemon, nobody can. */
  readonly rehearsal: 'tells' | 'cannot tell';
  /** What `rulesguard hook install` is told for the hook that covers it. */
  readonly hook?: string;
  /** Typed afterwards, to wait until it has been done: what was started goes on by itself. */
  readonly until?: string;
}

/** A firewall manager in one configuration, on a Docker host of its own. */
export interface Manager {
  readonly name: string;
  /** The Debian package whose version the table names. */
  readonly package: string;
  readonly era: ManagersEra;
  /** Sets it up and puts it in force, line by line; Docker runs already. */
  readonly setUp: readonly string[];
  /** Whether dockerd is started again when the manager is up. */
  readonly dockerStartsLast?: true;
  /** Why packets do not pass although Docker's rules are whole, where that is so. */
  readonly broken?: string;
  /** Brings its daemon to where it was before a change, when rules and files have been put back. */
  readonly wake?: string;
  readonly changes: readonly Change[];
}

export const MANAGERS: readonly Manager[] = [...MANAGERS_OF_FILES, ...MANAGERS_OF_DAEMONS];
