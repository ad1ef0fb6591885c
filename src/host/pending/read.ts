import { readlink } from 'node:fs/promises';
import { Fault } from '../../fault.ts';
import { validate } from '../../generated/pending.js';
import type { Login } from '../command/login.ts';
import { bootId } from '../command/who.ts';
import { listPending, type PendingFile } from './files.ts';
import { isSettled } from '../../reconcile/pending-state.ts';
import type { SavedState } from './saved-state.ts';
import type { HostOptions } from '../state/host-options.ts';
import { readSealed, writeSealed, type Refuse } from '../files/sealed.ts';

/** A firewall change that waits to be confirmed, or what became of it. `schemas/pending.schema.json` describes it. */
export interface PendingChange {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly boot: string;
  readonly network: string;
  /** Who started it. */
  readonly by: Login;
  /** The command line of the change. */
  readonly what: string;
  readonly seconds: number;
  /** Seconds of uptime after which it is rolled back. */
  readonly deadline: number;
  /** The same for people, ISO 8601. */
  readonly until: string;
  /** What became of it, for people; missing where the disk was full. */
  readonly says?: string;
  readonly record: SavedState;
}

/** A change with its record. */
export interface Pending extends PendingFile {
  readonly change: PendingChange;
}

const SCHEMA = 'https://rulesguard.dev/schemas/pending.schema.json';

/** The network namespace of this process, as /proc names it. */
export const ownNetwork = (): Promise<string> => readlink('/proc/self/ns/net');

/** All that is not settled, and the last one that is. */
export interface AllPending {
  /** Of this boot, the oldest first. */
  readonly open: readonly Pending[];
  /** The last one of this boot that is settled. */
  readonly ended: Pending | undefined;
  /** Those that waited when the host was booted: a boot begins without rules, so there is nothing to go back to. */
  readonly rebooted: readonly Pending[];
  /** Why a record cannot be read. */
  readonly damaged: readonly Fault[];
}

/** Reads all changes. @throws Fault RG_UNSAFE_FILE when the folder cannot be listed */
export async function readAll(options: HostOptions): Promise<AllPending> {
  const entries = await listPending(options);
  const boot = await bootId();
  const read = await Promise.all(
    entries.filter(({ state }) => !isSettled(state)).map((entry) => tryEntry(entry, options)),
  );
  const all = read.filter((one): one is Pending => !(one instanceof Fault));
  const last = entries.findLast(({ state }) => isSettled(state));
  const ended = last === undefined ? undefined : await tryEntry(last, options);
  return {
    open: all.filter(({ change }) => change.boot === boot),
    ended: ended === undefined || ended instanceof Fault || ended.change.boot !== boot ? undefined : ended,
    rebooted: all.filter(({ change }) => change.boot !== boot),
    damaged: read.filter((one): one is Fault => one instanceof Fault),
  };
}

const tryEntry = (entry: PendingFile, options: HostOptions): Promise<Pending | Fault> =>
  readEntry(entry, options).catch((error: unknown) => {
    if (error instanceof Fault) return error;
    throw error;
  });

/**
 * Reads a change; undefined when there is none of that name.
 *
 * @throws Fault RG_UNSAFE_FILE or RG_PENDING (exit 3) when the file is not to be trusted
 */
export async function readPending(id: string, options: HostOptions): Promise<Pending | undefined> {
  const entry = (await listPending(options)).find((one) => one.id === id);
  return entry === undefined ? undefined : readEntry(entry, options);
}

async function readEntry(entry: PendingFile, { stateDir }: HostOptions): Promise<Pending> {
  const { file } = entry;
  const refuse: Refuse = (message, details = []) => {
    throw new Fault('RG_PENDING', 3, `the pending change ${file} is not used: ${message}`, {
      details: [...details, 'It may wait to be rolled back, and nothing can do that without it.'],
      hint: `See what the rules are now (iptables-save, nft list ruleset); then put the file out of the way: mv ${file} ${file}.broken`,
    });
  };
  const { content, own } = await readSealed(file, 'pending change', validate, refuse, stateDir);
  // All the rules in it are loaded as they are, whoever wrote them.
  if (!own) return refuse('nothing proves that it was written on this host, and as it is now');
  return { ...entry, change: content as PendingChange };
}

/** Writes a change again. */
export async function writePending({ file, change }: Pending, { stateDir }: HostOptions): Promise<void> {
  await writeSealed(file, SCHEMA, change, 0, stateDir);
}

/** Whether a change was made in this network namespace. */
export const isHere = async ({ change }: Pending): Promise<boolean> =>
  (await ownNetwork()) === change.network;

/** Whether a change was made since the last boot: else its rules of before are another boot's. */
export const isOfThisBoot = async ({ change }: Pending): Promise<boolean> => (await bootId()) === change.boot;
