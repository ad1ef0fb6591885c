import { constants } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import { isSettled, PENDING_STATES, rankOf, type PendingState } from '../../reconcile/pending-state.ts';
import type { HostOptions } from '../state/host-options.ts';

/** One change, as read from the name of its file. */
export interface PendingFile {
  readonly id: string;
  readonly state: PendingState;
  /** The record: what was in force before the change. */
  readonly file: string;
}

/** Folders a change leaves its files in. */
type PendingFolders = Pick<HostOptions, 'stateDir' | 'runDir'>;

const NAME = /^(\d{6,}-\d{8}T\d{6}Z)\.([a-z-]+)$/;
/** What is left in the folder of the lock where a record could not be renamed: its disk may be read-only. */
const MARK = 'pending-';

/** The folder of pending changes. */
export const pendingFolder = (stateDir: string): string => join(stateDir, 'pending');

const endingOf = (state: PendingState): string => (state === 'waiting' ? 'json' : state);
const stateOf = (ending: string): PendingState | undefined =>
  PENDING_STATES.find((state) => endingOf(state) === ending);

/** The path of a change's record while it waits. */
export const pendingPath = (stateDir: string, id: string): string => pathIn(stateDir, id, 'waiting');
const pathIn = (stateDir: string, id: string, state: PendingState): string =>
  join(pendingFolder(stateDir), `${id}.${endingOf(state)}`);

/** All changes, the oldest first. @throws Fault RG_UNSAFE_FILE when a folder is there and cannot be listed */
export async function listPending({ stateDir, runDir }: PendingFolders): Promise<readonly PendingFile[]> {
  const found = new Map<string, PendingFile>();
  for (const { id, state } of parsed(await namesIn(pendingFolder(stateDir)))) {
    const known = found.get(id);
    if (known === undefined || rankOf(known.state) < rankOf(state))
      found.set(id, { id, state, file: pathIn(stateDir, id, state) });
  }
  if (found.size === 0) return [];
  const marks = (await namesIn(runDir)).flatMap((name) =>
    name.startsWith(MARK) ? [name.slice(MARK.length)] : [],
  );
  for (const { id, state } of parsed(marks)) {
    const known = found.get(id);
    if (known !== undefined && rankOf(known.state) < rankOf(state)) found.set(id, { ...known, state });
  }
  return [...found.values()].sort((one, other) => numberOf(one) - numberOf(other));
}

const numberOf = ({ id }: PendingFile): number => Number(id.split('-')[0]);

function parsed(names: readonly string[]): readonly Pick<PendingFile, 'id' | 'state'>[] {
  return names.flatMap((name) => {
    const [, id = '', ending = ''] = NAME.exec(name) ?? [];
    const state = stateOf(ending);
    return state === undefined ? [] : [{ id, state }];
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new Fault('RG_UNSAFE_FILE', 3, `${folder} cannot be listed: ${String(error)}`, {
      hint: `Run it as root (sudo rulesguard …), and see what is there: ls -ld ${folder}`,
      cause: error,
    });
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/**
 * Has a change reach a state, for good and before anything is done about it: of two who try to move it from where it
 * was, one learns that it is gone from there.
 *
 * @returns whether it did; false when it is not where `entry` says any more
 * @throws Error when neither the record could be renamed nor a mark be left beside the lock
 */
export async function moveTo(
  entry: PendingFile,
  state: PendingState,
  { stateDir, runDir }: PendingFolders,
): Promise<boolean> {
  try {
    await rename(entry.file, pathIn(stateDir, entry.id, state));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    const mark = await open(join(runDir, `${MARK}${entry.id}.${endingOf(state)}`), 'w', 0o600);
    await mark.close();
    return true;
  }
  const folder = await open(pendingFolder(stateDir), constants.O_RDONLY | constants.O_DIRECTORY);
  // Only a power cut could take it back, and a boot ends every change.
  await folder.sync().catch(() => undefined);
  await folder.close();
  return true;
}

/** Deletes all but the newest `keep` of those that have ended, with their marks. */
export async function prunePending(folders: PendingFolders, keep: number): Promise<void> {
  const ended = (await listPending(folders)).filter(({ state }) => isSettled(state));
  for (const { id } of ended.slice(0, Math.max(0, ended.length - keep)))
    for (const state of PENDING_STATES) {
      await rm(pathIn(folders.stateDir, id, state), { force: true });
      await rm(join(folders.runDir, `${MARK}${id}.${endingOf(state)}`), { force: true });
    }
}
