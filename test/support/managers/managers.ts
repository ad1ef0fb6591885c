import type { ManagersEra } from './root.ts';

/** A hook, and how it is seen to work. */
export interface Hook {
  /** The target of `rulesguard hook install`. */
  readonly target: string;
  /** Typed instead of the change, where the hook hangs on a unit of systemd. */
  readonly typed?: string;
  /** Typed before it, and left running. */
  readonly beside?: string;
}

/** Something an administrator types, and what is to be expected of it. */
export interface Change {
  readonly typed: string;
  /** Whether Docker loses anything by it, without us: rules, FORWARD's policy, or ways of packets. */
  readonly hurts: boolean;
  /** Whether a rehearsal can tell; where it needs a daemon, nobody can. */
  readonly rehearsal: 'predicts' | 'cannot tell';
  /** The hook that covers it; absent where there is none. */
  readonly hook?: Hook;
  /** Whether dockerd is notified, and then writes its rules again by itself. */
  readonly isNotified?: true;
  /** Whose rules of its own stop Docker's packets, where no rule of Docker's can help. */
  readonly stops?: string;
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
