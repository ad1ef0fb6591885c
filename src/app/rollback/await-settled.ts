import type { Pending } from '../../host/pending/read.ts';
import type { Settled } from './confirmation.ts';
import type { PendingHost } from './ports.ts';
import { secondsLeft } from './records.ts';

/** Milliseconds between two readings of the folder. */
const PAUSE = 200;
/** Seconds after the deadline in which the timer must have begun; then it is gone, and we do what it was for. */
const GRACE = 10;

/** Waits until a change was confirmed or rolled back, by whomever; where the timer is dead it does the timer's work. */
export async function awaitSettled(
  id: string,
  host: PendingHost,
  rollBack: (id: string) => Promise<unknown>,
  stop: AbortSignal,
): Promise<Settled> {
  let seen: number | undefined;
  let pending: Pending | undefined;
  while (!stop.aborted) {
    const entry = (await host.listPending()).find((one) => one.id === id);
    if (entry === undefined) return 'gone';
    const { state } = entry;
    if (state === 'confirmed' || state === 'rolled-back' || state === 'failed') return state;
    const revision = await host.revisionOf(entry);
    if (revision !== seen) pending = await host.readPending(id);
    seen = revision;
    if (pending !== undefined && secondsLeft(pending, host) < -GRACE) await rollBack(id);
    await host.sleep(PAUSE);
  }
  return 'gone';
}
