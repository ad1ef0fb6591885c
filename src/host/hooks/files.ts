import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { chmod, lstat, mkdir, rm, rmdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { FileState } from '../../hooks/file.ts';
import type { FileChange, FileTree, LinkState } from '../../hooks/plan.ts';
import { writeAtomically } from '../files/files.ts';

const MODE = 0o7777;

/** The files below a folder that is used as `/`. */
export function treeBelow(root: string): FileTree {
  return {
    read: (path) => {
      const stats = statSync(join(root, path), { throwIfNoEntry: false });
      if (stats?.isFile() !== true) return stats === undefined ? undefined : { content: '', mode: 0 };
      return { content: readFileSync(join(root, path), 'latin1'), mode: stats.mode & MODE };
    },
    list: (folder) => {
      const stats = statSync(join(root, folder), { throwIfNoEntry: false });
      return stats?.isDirectory() === true ? readdirSync(join(root, folder)).sort() : [];
    },
    isThere: (path) => lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined,
    entryAt: (path) => entryAt(join(root, path), path),
  };
}

function entryAt(place: string, path: string): FileState | LinkState | undefined {
  const stats = lstatSync(place, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return { to: readlinkSync(place) };
  if (stats.isFile()) return { content: readFileSync(place, 'latin1'), mode: stats.mode & MODE };
  throw new Fault('RG_HOOK_FILE', 3, `no hook was put into ${path}: it is no plain file`, {
    hint: `Look at it: ls -ld ${place}`,
  });
}

/**
 * Writes what was planned, each file in one step; a file keeps its owner.
 *
 * @throws Fault RG_UNSAFE_FILE when one cannot be written
 */
export async function carryOut(root: string, changes: readonly FileChange[]): Promise<void> {
  for (const { path, next, folders } of changes) {
    const place = join(root, path);
    if (next === undefined) {
      await rm(place, { force: true });
      continue;
    }
    await mkdir(dirname(place), { recursive: true });
    // Whatever the umask: the managers' own folders are open to readers.
    for (const folder of folders) await chmod(join(root, folder), 0o755);
    await ('to' in next ? putLink(place, next) : putFile(place, next));
  }
  const gone = changes.filter(({ next }) => next === undefined);
  for (const { folders } of gone) for (const folder of folders) await removeIfEmpty(join(root, folder));
}

async function putLink(place: string, { to }: LinkState): Promise<void> {
  await rm(place, { force: true });
  await symlink(to, place);
}

async function putFile(place: string, { content, mode }: FileState): Promise<void> {
  const owner = await lstat(place).catch(() => undefined);
  const uid = owner?.uid ?? process.geteuid?.() ?? 0;
  const gid = owner?.gid ?? process.getegid?.() ?? 0;
  await writeAtomically(place, Buffer.from(content, 'latin1'), { like: { mode, uid, gid } });
}

/** A folder made for a hook goes with it, unless somebody put something else there. */
async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'EEXIST') throw error;
  }
}
