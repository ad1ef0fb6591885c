import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';

/** Six digits or more: after 999999 comes 1000000. */
const FILE = /^(\d{6,15})-.*\.json$/;

/**
 * The ids (file names without `.json`) of a folder of numbered files, the oldest first. A folder that is not there yet
 * holds none.
 */
export async function listNumbered(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => FILE.test(name))
      .map((name) => name.slice(0, -'.json'.length))
      .sort(byNumber);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new Fault(
      'RG_UNSAFE_FILE',
      3,
      `${folder} cannot be listed: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'Run it as root: sudo rulesguard …',
        cause: error,
      },
    );
  }
}

const numberOf = (id: string): number => Number(/^\d+/.exec(id)?.[0] ?? '0');

/** As they were numbered, whatever the number of digits. */
const byNumber = (one: string, other: string): number =>
  numberOf(one) - numberOf(other) || (one < other ? -1 : 1);

/** The id after the last one. Numbered, because a clock may go back and two files may be of one second. */
export function nextId(ids: readonly string[], created: string): string {
  const number = Math.max(0, ...ids.slice(-1).map(numberOf)) + 1;
  return `${String(number).padStart(6, '0')}-${created.replaceAll(/[-:]|\.\d+/g, '')}`;
}

/** The path of an id. */
export function numberedPath(folder: string, id: string): string {
  return join(folder, `${id}.json`);
}

/** Deletes all but the newest `keep` files. Returns the ids deleted. */
export async function pruneNumbered(folder: string, keep: number): Promise<readonly string[]> {
  const ids = await listNumbered(folder);
  const old = ids.slice(0, Math.max(0, ids.length - keep));
  await Promise.all(old.map((id) => rm(numberedPath(folder, id), { force: true })));
  return old;
}
