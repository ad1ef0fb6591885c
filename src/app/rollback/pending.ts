import { Fault } from '../../fault.ts';
import { isSameLogin } from './same-login.ts';
import { alreadyPending, notYours, tooLate, whichOne } from './faults.ts';
import type { Pending, PendingChange } from '../../host/pending/read.ts';
import type { GivenTime } from './confirmation.ts';
import type { PendingHost } from './ports.ts';
import { deadlineIn, readAllSound, secondsLeft } from './records.ts';

const KEPT = 5;

/**
 * Records everything that is in force and starts the timer that rolls it back, whatever becomes of this process. To be
 * called before the change is made, and without the lock.
 *
 * @param seconds - time to confirm, from now and again from {@link giveTime}
 * @param what - the command line of the change
 * @throws Fault RG_PENDING (exit 1) when another change is not settled yet; nothing has been started then
 */
export function arm(seconds: number, what: string, host: PendingHost): Promise<Pending> {
  return host.withLock(async () => {
    const { open, rebooted } = await readAllSound(host);
    if (open[0] !== undefined) throw alreadyPending(open[0]);
    for (const old of rebooted) await host.moveTo(old, 'rebooted');
    const change: PendingChange = {
      version: 1,
      created: new Date(host.now()).toISOString(),
      ...(await host.readPlace()),
      by: host.thisLogin(),
      what,
      seconds,
      ...deadlineIn(seconds, host),
      record: await host.saveState(),
    };
    const pending = await host.create(change);
    try {
      await host.startTimer(pending.id, seconds);
    } catch (error) {
      await host.remove(pending);
      throw error;
    }
    await host.prune(KEPT);
    return pending;
  });
}

/**
 * Counts the time to confirm again, once the change has been made. Returns the change as it is now: it may have been
 * confirmed or rolled back meanwhile.
 *
 * @returns `extended: false`: the time could not be written (a full disk) and counts from before the command
 */
export function giveTime({ id }: Pending, host: PendingHost): Promise<GivenTime> {
  return host.withLock(async () => {
    const pending = await host.readPending(id);
    if (pending?.state !== 'waiting' || secondsLeft(pending, host) <= 0) return { pending, extended: true };
    const given = { ...pending, change: { ...pending.change, ...deadlineIn(pending.change.seconds, host) } };
    try {
      await host.writePending(given);
      return { pending: given, extended: true };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { pending, extended: false };
    }
  });
}

/**
 * The change stays. Returns it.
 *
 * @param id - which; without one it must be the only one that waits, started by the same login as this process
 * @throws Fault RG_PENDING (exit 1) when none is meant, or when it is too late
 */
export function confirmPending(id: string | undefined, host: PendingHost): Promise<Pending> {
  return host.withLock(async () => {
    const pending = await theOneMeant(id, host);
    if (!(await host.moveTo(pending, 'confirmed'))) throw tooLate(pending, undefined);
    await host.stopTimer(pending.id);
    return pending;
  });
}

async function theOneMeant(id: string | undefined, host: PendingHost): Promise<Pending> {
  if (id !== undefined) {
    const pending = await host.readPending(id);
    if (pending === undefined) throw whichOne(`there is no change ${id}`, (await readAllSound(host)).open);
    if (!(await host.isOfThisBoot(pending))) throw tooLate({ ...pending, state: 'rebooted' }, undefined);
    await refuseEnded(pending, host);
    return pending;
  }
  const { open, ended } = await readAllSound(host);
  const [only, ...others] = open;
  if (only === undefined) {
    if (ended !== undefined && ended.state !== 'confirmed') await refuseEnded(ended, host);
    throw whichOne('no change is waiting to be confirmed', []);
  }
  if (others.length > 0) throw whichOne('several changes wait to be confirmed', open);
  await refuseEnded(only, host);
  if (!isSameLogin(only.change.by, host.thisLogin())) throw notYours(only);
  return only;
}

async function refuseEnded(pending: Pending, host: PendingHost): Promise<void> {
  if (pending.state === 'waiting') return;
  throw tooLate(pending, await endedAt(pending, host));
}

/** When a change reached its state, ISO 8601; undefined when nobody knows. */
async function endedAt(pending: Pending, host: PendingHost): Promise<string | undefined> {
  const time = await host.changedAt(pending);
  return time === undefined ? undefined : new Date(time).toISOString();
}
