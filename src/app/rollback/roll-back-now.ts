import { whichOne } from './faults.ts';
import type { Pending } from '../../host/pending/read.ts';
import { forgetRebooted } from './overdue.ts';
import type { PendingHost } from './ports.ts';
import { readAllSound, secondsLeft } from './records.ts';
import type { RolledBack } from './rollback.ts';

/** What came of a demand to roll back at once. */
export interface RolledBackNow {
  /** Changes that a reboot had ended: there was nothing to roll back, and from now on they are not reported any more. */
  readonly forgotten: readonly Pending[];
  /** Undefined when none was left to roll back. */
  readonly result: RolledBack | undefined;
}

/**
 * `rulesguard rollback [ID]`: an operator who does not want to wait.
 *
 * @param id - which change; the only one that is not settled when undefined
 * @throws Fault RG_PENDING when several wait and none is named, or there is none of that id; RG_UNSAFE_FILE or RG_PENDING when a record is not to be trusted
 */
export async function rollBackNow(
  id: string | undefined,
  host: PendingHost,
  rollBack: (id: string) => Promise<RolledBack>,
): Promise<RolledBackNow> {
  const forgotten = await forgetRebooted(id, host);
  if (id !== undefined) {
    if (forgotten.length > 0) return { forgotten, result: undefined };
    const result = await rollBack(id);
    if (result.pending === undefined)
      throw whichOne(`there is no change ${id}, so nothing was rolled back`, (await readAllSound(host)).open);
    return { forgotten, result };
  }
  const { open } = await readAllSound(host);
  const [only, ...others] = open;
  if (others.length > 0)
    throw whichOne('several changes wait to be confirmed, so nothing was rolled back', open);
  return { forgotten, result: only && (await rollBack(only.id)) };
}

/** How often the file of a change is read, in milliseconds. */
const PAUSE = 500;

/** Waits until a change's time is over, or it was settled. Its deadline may be put off meanwhile. */
async function awaitDeadline(id: string, host: PendingHost): Promise<void> {
  for (;;) {
    const pending = await host.readPending(id);
    if (pending?.state !== 'waiting') return;
    const left = secondsLeft(pending, host) * 1000;
    if (left <= 0) return;
    await host.sleep(Math.min(left, PAUSE));
  }
}

/** What the timer starts: waits until a change's time is over, and then rolls it back. */
export async function rollBackWhenDue(
  id: string,
  host: PendingHost,
  rollBack: (id: string) => Promise<RolledBack>,
): Promise<RolledBack> {
  await awaitDeadline(id, host);
  return rollBack(id);
}
