import { constants } from 'node:fs';
import { lstat, mkdir, open, readlink, type FileHandle } from 'node:fs/promises';

/** As many symbolic links as the kernel follows in one path. */
const MOST_LINKS = 40;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** The path of an entry of an open folder: nothing on the way to it can be swapped. */
export const entryOf = (folder: FileHandle, name: string): string =>
  `/proc/self/fd/${String(folder.fd)}/${name}`;

/**
 * Opens a folder of another root, one component after the other. If it were opened by path, absolute symbolic links would
 * lead to our own root (Node has no RESOLVE_IN_ROOT).
 *
 * @param root - the other root
 * @param path - absolute, as in the other root
 * @param makeMissing - whether to make folders that are not there
 * @throws an error of the file system, as for any path
 */
export async function openInside(root: FileHandle, path: string, makeMissing: boolean): Promise<FileHandle> {
  let ahead = namesOf(path);
  const trail: FileHandle[] = [];
  const here = (): FileHandle => trail.at(-1) ?? root;
  try {
    for (let links = 0; ahead.length > 0;) {
      const [name = '', ...rest] = ahead;
      ahead = rest;
      if (name === '..') {
        await trail.pop()?.close();
        continue;
      }
      const entry = entryOf(here(), name);
      const stats = await lstat(entry).catch(() => undefined);
      if (stats?.isSymbolicLink() === true) {
        if (++links > MOST_LINKS) throw new Error(`too many symbolic links in ${path}`);
        const target = await readlink(entry);
        if (target.startsWith('/')) await closeAll(trail);
        ahead = [...namesOf(target), ...ahead];
        continue;
      }
      if (stats === undefined && makeMissing) await mkdir(entry);
      trail.push(await open(entry, FOLDER));
    }
    const found = trail.pop();
    return found ?? (await open(entryOf(root, '.'), FOLDER));
  } finally {
    await closeAll(trail);
  }
}

const namesOf = (path: string): readonly string[] =>
  path.split('/').filter((name) => name !== '' && name !== '.');

async function closeAll(trail: FileHandle[]): Promise<void> {
  await Promise.all(trail.splice(0).map((folder) => folder.close()));
}
