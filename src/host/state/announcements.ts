import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { uptime } from 'node:os';
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
  /** When that process started, as /proc/PID/stat has it: another may get its id. */
  readonly start?: string | undefined;
  /** Milliseconds of the machine's uptime from which on it counts for nothing. */
  readonly until: number;
}

const folderOf = (runDir: string): string => join(runDir, 'changing');
const NAME = /^[\w.-]{1,80}\.json$/;

/** No announcement holds for longer, whatever it says: watch is blind meanwhile. Milliseconds. */
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
 * @param now - as `uptimeNow`
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
  const said = readSaid(path);
  if (!isRecord(said)) return false;
  const { pid, start, until } = said;
  if (typeof until !== 'number' || until <= now || until > now + LONGEST_CHANGE) return false;
  if (typeof pid !== 'number') return true;
  const started = startOf(pid);
  return started !== undefined && (start === undefined || start === started);
}

/** One that ends meanwhile, or cannot be read, hides no other. */
function readSaid(path: string): unknown {
  try {
    return parseJson(readFileSync(path, 'latin1'));
  } catch {
    return undefined;
  }
}

/** When a process started, in ticks since the machine did; undefined where it has ended. */
function startOf(pid: number): string | undefined {
  try {
    // Behind the name, which may hold anything, it is the 20th field.
    return readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Milliseconds since the machine started: nobody sets this clock. */
export const uptimeNow = (): number => uptime() * 1_000;

/** Makes a change that is announced from its beginning to its end. That it cannot be announced is no reason not to make it. */
export async function whileAnnounced<T>(runDir: string, change: () => Promise<T>): Promise<T> {
  const { pid } = process;
  const name = `process-${String(pid)}`;
  const announcement = { pid, start: startOf(pid), until: uptimeNow() + LONGEST_CHANGE };
  await announce(runDir, name, announcement).catch(() => undefined);
  try {
    return await change();
  } finally {
    announceEnd(runDir, name);
  }
}
