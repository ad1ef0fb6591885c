import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import { makePrivateFolder } from '../files/files.ts';
import { hold, type Holder, type NotHeld } from '../command/holder.ts';
import { installHint } from '../command/install-hint.ts';
import { systemFault } from '../files/system-fault.ts';

/** How what takes the lock ends where it is not free in time. */
export const LOCK_BUSY = 75;

/** This network namespace's own file: the same for everybody in it, and there to be locked where nothing can be written. */
const NAMESPACE = '/proc/self/ns/net';
/** How flock names a lock file that cannot be made (util-linux 2.38 to 2.41, LC_ALL=C). */
const UNWRITABLE =
  /cannot open lock file .*: (?:No space left|Read-only file system|Disk quota|Input\/output error)/;

/** Takes a lock, as `hold` does. */
export type HoldLock = (words: readonly [string, ...string[]]) => Promise<Holder | NotHeld>;

/** The file that is locked. */
export const lockFile = (runDir: string): string => join(runDir, 'lock');

/** The command line that takes the lock, without what it then runs. */
export const lockCommand = (runDir: string, waitSeconds: number): readonly [string, ...string[]] =>
  flock(lockFile(runDir), waitSeconds);

const flock = (file: string, waitSeconds: number): readonly [string, ...string[]] => [
  ...(['flock', '--wait', String(waitSeconds), '--conflict-exit-code', String(LOCK_BUSY), file] as const),
];

async function takeLock(runDir: string, waitSeconds: number, holds: HoldLock): Promise<Holder | NotHeld> {
  const take = (file: string): Promise<Holder | NotHeld> => holds(flock(file, waitSeconds));
  try {
    await makePrivateFolder(runDir);
  } catch (error) {
    if (process.geteuid?.() === 0 && error instanceof Fault && systemFault(error.cause) !== undefined)
      return take(NAMESPACE);
    throw error;
  }
  const lock = await take(lockFile(runDir));
  return 'message' in lock && UNWRITABLE.test(lock.message) ? take(NAMESPACE) : lock;
}

/**
 * Runs something while no other rulesguard changes rules or baselines on this host. The kernel keeps the lock (flock) on
 * an open file: it goes when the process goes, however it dies, and leaves nothing to clean up.
 *
 * @param runDir - folder of the lock, normally /run/rulesguard
 * @param waitSeconds - how long to wait for another's lock
 * @param holds - starts what holds it
 * @throws Fault RG_BUSY (exit 4) when it was not free in time
 */
export async function withLock<T>(
  runDir: string,
  waitSeconds: number,
  work: () => Promise<T>,
  holds: HoldLock = hold,
): Promise<T> {
  const lock = await takeLock(runDir, waitSeconds, holds);
  if ('exitCode' in lock) {
    if (lock.exitCode === LOCK_BUSY) {
      throw new Fault(
        'RG_BUSY',
        4,
        `another rulesguard has been at work for more than ${String(waitSeconds)} s; nothing was changed`,
        {
          hint: 'See it: pgrep -a -f rulesguard. Then try again, or wait longer with --wait SECONDS.',
        },
      );
    }
    throw new Fault('RG_COMMAND', 3, `the lock in ${runDir} could not be taken: ${lock.message}`, {
      hint: lock.message.includes('ENOENT')
        ? installHint('flock')
        : 'Run it as root (sudo rulesguard …), or name another place: --run-dir',
    });
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
