import { join } from 'node:path';
import { Fault } from '../fault.ts';
import { makePrivateFolder } from './files.ts';
import { hold } from './holder.ts';

const BUSY = 75;

/**
 * Runs something while no other rulesguard changes rules or baselines on this host. The kernel keeps the lock (flock) on
 * an open file: it goes when the process goes, however it dies, and leaves nothing to clean up.
 *
 * @param runDir - folder of the lock, normally /run/rulesguard
 * @param waitSeconds - how long to wait for another's lock
 * @throws Fault RG_BUSY (exit 4) when it was not free in time
 */
export async function withLock<T>(runDir: string, waitSeconds: number, work: () => Promise<T>): Promise<T> {
  await makePrivateFolder(runDir);
  const lock = await hold([
    'flock',
    '--wait',
    String(waitSeconds),
    '--conflict-exit-code',
    String(BUSY),
    join(runDir, 'lock'),
  ]);
  if ('exitCode' in lock) {
    if (lock.exitCode === BUSY) {
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
        ? 'On Debian or Ubuntu: apt-get install util-linux'
        : 'Run it as root (sudo rulesguard …), or name another place: --run-dir',
    });
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
