import { readFile, readlink, rm } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../fault.ts';
import { validate } from '../generated/pending.js';
import { makePrivateFolder } from './files.ts';
import { withLock } from './lock.ts';
import { listNumbered, nextId, numberedPath, pruneNumbered } from './numbered.ts';
import { takeRecord, type Record } from './pending-record.ts';
import { startTimer, stopTimer } from './pending-timer.ts';
import { readSealed, writeSealed } from './sealed.ts';

/** A firewall change that waits to be confirmed, or that was put back. `schemas/pending.schema.json` describes it. */
export interface PendingChange {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly boot: string;
  readonly network: string;
  /** The command line of the change. */
  readonly what: string;
  readonly seconds: number;
  /** Seconds of uptime after which it is put back. */
  readonly deadline: number;
  /** The same for people, ISO 8601. */
  readonly until: string;
  readonly outcome: 'waiting' | 'put-back' | 'failed';
  readonly ended?: string;
  readonly says?: string;
  readonly record: Record;
}

export interface Pending {
  readonly id: string;
  readonly change: PendingChange;
}

/** Where pending changes lie, and the lock. */
export interface PendingOptions {
  readonly stateDir: string;
  readonly runDir: string;
  readonly waitSeconds: number;
}

const SCHEMA = 'https://rulesguard.dev/schemas/pending.schema.json';
const KEPT = 5;

/** The folder of pending changes. */
const pendingFolder = (stateDir: string): string => join(stateDir, 'pending');
/** The file of one. It is there for as long as the change is not confirmed. */
export const pendingPath = (stateDir: string, id: string): string =>
  numberedPath(pendingFolder(stateDir), id);

const bootId = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
const ownNetwork = (): Promise<string> => readlink('/proc/self/ns/net');

/**
 * Records everything that is in force and starts the timer that puts it back, whatever becomes of this process. To be
 * called before the change is made, and without the lock.
 *
 * @param seconds - time to confirm, from now and again from {@link giveTime}
 * @param what - the command line of the change
 * @throws Fault RG_PENDING (exit 1) when another change is pending; nothing has been started then
 */
export function arm(seconds: number, what: string, options: PendingOptions): Promise<Pending> {
  const { stateDir, runDir, waitSeconds } = options;
  return withLock(runDir, waitSeconds, async () => {
    const current = await newestPending(stateDir);
    if (current?.change.outcome === 'waiting') throw alreadyPending(current);
    const created = new Date().toISOString();
    await makePrivateFolder(stateDir);
    await makePrivateFolder(pendingFolder(stateDir));
    const change: PendingChange = {
      version: 1,
      created,
      boot: await bootId(),
      network: await ownNetwork(),
      what,
      seconds,
      ...deadlineIn(seconds),
      outcome: 'waiting',
      record: await takeRecord(),
    };
    const id = nextId(await listNumbered(pendingFolder(stateDir)), created);
    const pending = { id, change };
    await writePending(stateDir, pending);
    try {
      await startTimer(id, seconds, options);
    } catch (error) {
      await rm(pendingPath(stateDir, id), { force: true });
      throw error;
    }
    await pruneNumbered(pendingFolder(stateDir), KEPT);
    return pending;
  });
}

/**
 * Counts the time to confirm anew, once the change has been made. Returns the change as it stands: it may have been put
 * back meanwhile; undefined when it was confirmed.
 */
export function giveTime({ id }: Pending, options: PendingOptions): Promise<Pending | undefined> {
  return withLock(options.runDir, options.waitSeconds, async () => {
    const pending = await readPending(options.stateDir, id);
    if (pending?.change.outcome !== 'waiting') return pending;
    const given = { id, change: { ...pending.change, ...deadlineIn(pending.change.seconds) } };
    await writePending(options.stateDir, given);
    return given;
  });
}

/**
 * `run --confirm-ok`: the change stays. Returns it.
 *
 * @throws Fault RG_PENDING (exit 1) when none is pending, or when it is too late
 */
export function confirmPending(options: PendingOptions): Promise<Pending> {
  return withLock(options.runDir, options.waitSeconds, async () => {
    const pending = await newestPending(options.stateDir);
    if (pending === undefined)
      throw new Fault('RG_PENDING', 1, 'no change is waiting to be confirmed', {
        hint: 'One is made with: rulesguard run --confirm SECONDS -- COMMAND',
      });
    if (pending.change.outcome !== 'waiting') throw tooLate(pending);
    await rm(pendingPath(options.stateDir, pending.id));
    await stopTimer(pending.id);
    return pending;
  });
}

/** The newest change that was not confirmed; none from before the last boot, which began without rules. */
export async function newestPending(stateDir: string): Promise<Pending | undefined> {
  const id = (await listNumbered(pendingFolder(stateDir))).at(-1);
  const pending = id === undefined ? undefined : await readPending(stateDir, id);
  return pending?.change.boot === (await bootId()) ? pending : undefined;
}

/**
 * Reads a change; undefined when it was confirmed.
 *
 * @throws Fault RG_UNSAFE_FILE or RG_PENDING (exit 3) when the file is not to be trusted
 */
export async function readPending(stateDir: string, id: string): Promise<Pending | undefined> {
  if (!(await listNumbered(pendingFolder(stateDir))).includes(id)) return undefined;
  const path = pendingPath(stateDir, id);
  const { content } = await readSealed(path, 'pending change', validate, (message, details = []) => {
    throw new Fault('RG_PENDING', 3, `the pending change ${path} is not used: ${message}`, {
      details,
      hint: `Look at it; if it is broken, put it out of the way: mv ${path} ${path}.broken`,
    });
  });
  return { id, change: content as PendingChange };
}

/** Writes a change anew. */
export async function writePending(stateDir: string, { id, change }: Pending): Promise<void> {
  await writeSealed(pendingPath(stateDir, id), SCHEMA, change, 0);
}

/** @throws Fault RG_PENDING when the rules of this network namespace are not those recorded */
export async function refuseElsewhere({ change }: Pending): Promise<void> {
  if ((await ownNetwork()) === change.network) return;
  throw new Fault('RG_PENDING', 1, 'the pending change was made in another network namespace', {
    hint: 'Run this there: nsenter --net=… rulesguard run --put-back now',
  });
}

const deadlineIn = (seconds: number): Pick<PendingChange, 'deadline' | 'until'> => ({
  deadline: uptime() + seconds,
  until: new Date(Date.now() + seconds * 1000).toISOString(),
});

/** Seconds left to confirm; none or less when it is over. */
export const secondsLeft = ({ change }: Pending): number => change.deadline - uptime();

function alreadyPending({ change }: Pending): Fault {
  return new Fault('RG_PENDING', 1, 'another change is waiting to be confirmed, so nothing was run', {
    details: [`${change.what}, until ${change.until}`],
    hint: 'Keep it: rulesguard run --confirm-ok. Put everything back now: rulesguard run --put-back now',
  });
}

function tooLate({ change }: Pending): Fault {
  const { outcome, ended = '', says = '', what } = change;
  const failed = outcome === 'failed';
  return new Fault(
    'RG_PENDING',
    1,
    failed ? `too late: putting it back failed at ${ended}` : `too late: it was put back at ${ended}`,
    {
      details: [what, says],
      hint: failed
        ? 'Try again: rulesguard run --put-back now'
        : 'Make the change again, and confirm it in time.',
    },
  );
}
