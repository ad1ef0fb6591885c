import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../fault.ts';

const FILE = /^(\d{6})-.*\.json$/;

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
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new Fault(
      'RG_UNSAFE_FILE',
      3,
      `${folder} cannot be listed: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'Run it as root: sudo rulesguard …',
      },
    );
  }
}

/** The id after the last one. Numbered, because a clock may go back and two files may be of one second. */
export function nextId(ids: readonly string[], created: string): string {
  const number = Number(ids.at(-1)?.slice(0, 6) ?? '0') + 1;
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
