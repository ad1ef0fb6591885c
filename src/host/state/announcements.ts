import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../docker/inventory/inventory.ts';
import { makePrivateFolder, parseJson, writeAtomically } from '../files/files.ts';

/*
 * A command of ours that is in the middle of a change says so to the watch that runs, by a file in the folder of the lock: its process, and
 * when it counts for nothing, whatever became of it.
 */

/** A change that is under way. */
export interface Announcement {
  /** The process that makes it: when that has ended, so has the change. Absent where it goes on when the process that says so has ended. */
  readonly pid?: number;
  /** Milliseconds since 1970 from which on it counts for nothing. */
  readonly until: number;
}

const folderOf = (runDir: string): string => join(runDir, 'changing');
const NAME = /^[\w.-]{1,80}\.json$/;

/** No announcement holds for longer, whatever it says: the clock may have been set back since. Milliseconds. */
export const LONGEST_CHANGE = 600_000;

/** Says that a change is under way. @param name - which: as announced again, the first is forgotten. @throws Fault RG_UNSAFE_FILE */
export async function announce(runDir: string, name: string, announcement: Announcement): Promise<void> {
  const folder = folderOf(runDir);
  await makePrivateFolder(folder);
  await writeAtomically(join(folder, `${name}.json`), `${JSON.stringify(announcement)}\n`, {
    durable: false,
  });
}

/** Says that it has ended. */
export function announceEnd(runDir: string, name: string): void {
  try {
    rmSync(join(folderOf(runDir), `${name}.json`), { force: true });
  } catch {
    // It ends by itself.
  }
}

/**
 * Whether a change that was announced is under way. What cannot be read is none: it must not keep watch from looking.
 *
 * @param now - milliseconds since 1970
 */
export function isAnnounced(runDir: string, now: number): boolean {
  const folder = folderOf(runDir);
  if (!existsSync(folder)) return false;
  try {
    return readdirSync(folder).some((name) => NAME.test(name) && counts(join(folder, name), now));
  } catch {
    return false;
  }
}

function counts(path: string, now: number): boolean {
  const said = parseJson(readFileSync(path, 'latin1'));
  if (!isRecord(said)) return false;
  const { pid, until } = said;
  if (typeof until !== 'number' || until <= now || until > now + LONGEST_CHANGE) return false;
  return typeof pid !== 'number' || existsSync(`/proc/${String(pid)}`);
}

/** Makes a change that is announced from its beginning to its end. That it cannot be announced is no reason not to make it. */
export async function whileAnnounced<T>(runDir: string, change: () => Promise<T>): Promise<T> {
  const { pid } = process;
  const name = `process-${String(pid)}`;
  await announce(runDir, name, { pid, until: Date.now() + LONGEST_CHANGE }).catch(() => undefined);
  try {
    return await change();
  } finally {
    announceEnd(runDir, name);
  }
}
