import type { Login } from '../../host/command/login.ts';
import type { PendingFile } from '../../host/pending/files.ts';
import type { PendingState } from '../../reconcile/pending-state.ts';
import type { AllPending, Pending, PendingChange } from '../../host/pending/read.ts';
import type { SavedState } from '../../host/pending/saved-state.ts';
import type { Clock } from '../ports.ts';

/** The records of changes, one at a time. */
export interface PendingRecords {
  /** @throws Fault RG_UNSAFE_FILE or RG_PENDING when a record is not to be trusted */
  readonly readPending: (id: string) => Promise<Pending | undefined>;
  readonly writePending: (pending: Pending) => Promise<void>;
  /** @returns whether it did: false when the change has another state by now */
  readonly moveTo: (pending: Pending, state: PendingState) => Promise<boolean>;
  readonly isHere: (pending: Pending) => Promise<boolean>;
  readonly isOfThisBoot: (pending: Pending) => Promise<boolean>;
}

/** What arming, confirming, waiting and finding what is overdue touch of a host. Rolling back has a host of its own. */
export interface PendingHost extends PendingRecords, Clock {
  /** Seconds since the host was booted: setting the clock does not change it. */
  readonly uptime: () => number;
  /** Runs work under the lock. @throws Fault RG_BUSY */
  readonly withLock: <T>(work: () => Promise<T>) => Promise<T>;
  /** All records. @throws Fault RG_UNSAFE_FILE when the folder cannot be listed */
  readonly readAll: () => Promise<AllPending>;
  /** Their names alone, the oldest first. @throws Fault RG_UNSAFE_FILE when the folder cannot be listed */
  readonly listPending: () => Promise<readonly PendingFile[]>;
  /** This boot and network namespace. */
  readonly readPlace: () => Promise<Pick<PendingChange, 'boot' | 'network'>>;
  readonly thisLogin: () => Login;
  /** Reads all that is in force. @throws Fault when it could not be loaded again as it is */
  readonly saveState: () => Promise<SavedState>;
  /** Writes the record of a new change, which waits. */
  readonly create: (change: PendingChange) => Promise<Pending>;
  readonly remove: (pending: Pending) => Promise<void>;
  /** Deletes all but the newest `keep` of those that are settled. */
  readonly prune: (keep: number) => Promise<void>;
  /** Starts what rolls a change back after `seconds`, whatever becomes of this process. */
  readonly startTimer: (id: string, seconds: number) => Promise<void>;
  readonly stopTimer: (id: string) => Promise<void>;
  /** Whether its timer lives, or somebody is rolling it back. */
  readonly isAtWork: (pending: Pending) => Promise<boolean>;
  /** When a record reached its state, in milliseconds since 1970; undefined when it is gone. */
  readonly changedAt: (pending: Pending) => Promise<number | undefined>;
  /** Another number when a record was written again; undefined when it is gone. */
  readonly revisionOf: (entry: PendingFile) => Promise<number | undefined>;
  /** When any file was written, in milliseconds since 1970; undefined when there is none. */
  readonly writtenAt: (path: string) => Promise<number | undefined>;
}
