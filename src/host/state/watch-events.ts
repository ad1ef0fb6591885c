import { constants, existsSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from '../../generated/watch-event.js';
import type { WatchEvent } from '../../watch/event.ts';
import { makePrivateFolder, parseJson, readTrusted } from '../files/files.ts';

/** Bytes of one file; there are two, the current one and the one before. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Events older than so many days are dropped with the file they are in. */
const MOST_DAYS = 90;
const DAY = 86_400_000;

const folderOf = (stateDir: string): string => join(stateDir, 'events');
const currentPath = (stateDir: string): string => join(folderOf(stateDir), 'watch.jsonl');
const earlierPath = (stateDir: string): string => join(folderOf(stateDir), 'watch.1.jsonl');

/**
 * Adds an event to the events file; a file that is full, or whose first event is too old, becomes the one before.
 *
 * @throws Fault RG_UNSAFE_FILE, or what the system says, a full disk for example
 */
export async function appendEvent(stateDir: string, event: WatchEvent): Promise<void> {
  await makePrivateFolder(folderOf(stateDir));
  const path = currentPath(stateDir);
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
  const file = await open(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_RDWR, 0o600);
  try {
    const { size } = await file.stat();
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    const isFull = size > 0 && (size + line.length > MOST_BYTES || (await isOld(file, event.at)));
    if (isFull) await rename(path, earlierPath(stateDir));
    else await appendWhole(file, line, size);
    if (!isFull) return;
  } finally {
    await file.close();
  }
  await appendEvent(stateDir, event);
}

/** Adds a line whole, or not at all: part of one would take the next with it. @param size - of the file before. @throws Error of a full disk */
export async function appendWhole(
  file: Pick<FileHandle, 'write' | 'truncate'>,
  line: Buffer,
  size: number,
): Promise<void> {
  const { bytesWritten } = await file.write(line);
  if (bytesWritten === line.length) return;
  await file.truncate(size);
  throw new Error('there is no space left for an event');
}

/** Whether the first event of a file came too long before another. */
async function isOld(file: Awaited<ReturnType<typeof open>>, at: string): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
  const first = /"at":"([^"]+)"/.exec(buffer.toString('latin1', 0, bytesRead))?.[1];
  return first !== undefined && Date.parse(at) - Date.parse(first) > (MOST_DAYS * DAY) / 2;
}

/** Events as they were noted, and how many lines are none. */
export interface NotedEvents {
  /** The oldest first. */
  readonly events: readonly WatchEvent[];
  readonly unreadable: number;
}

/** Reads all events that are kept. @throws Fault RG_UNSAFE_FILE when somebody else may have a hand in the files */
export async function readEvents(stateDir: string): Promise<NotedEvents> {
  const events: WatchEvent[] = [];
  let unreadable = 0;
  for (const path of [earlierPath(stateDir), currentPath(stateDir)]) {
    if (!existsSync(path)) continue;
    for (const line of (await readTrusted(path, 'events file')).split('\n')) {
      if (line === '') continue;
      const document = parseJson(line);
      if (validate(document)) events.push(document as WatchEvent);
      else unreadable++;
    }
  }
  return { events, unreadable };
}
