import { lstatSync } from 'node:fs';
import { open, readlink, unlink, type FileHandle } from 'node:fs/promises';
import { entryOf } from './inside.ts';

export type Namespace = 'mnt' | 'net' | 'pid' | 'ipc' | 'uts' | 'user';
const NAMESPACES: readonly Namespace[] = ['mnt', 'net', 'pid', 'ipc', 'uts'];

/**
 * A sandbox as open files. A process id alone could, once that process had died and its id was reused, lead to another
 * process's namespaces, perhaps the host's.
 */
export interface SandboxHandles {
  /** Its root folder. */
  readonly root: FileHandle;
  /** Its view of its processes. */
  readonly proc: FileHandle;
  readonly namespaces: ReadonlyMap<Namespace, FileHandle>;
}

/**
 * Opens a sandbox by its first process. A marker file in its root proves that it is the sandbox we made; it is deleted.
 *
 * @param mark - the name of that file, which cannot be guessed
 * @param ownUsers - whether it has a user namespace of its own
 * @returns undefined when the process is not that sandbox's
 * @throws Error when it shares a namespace with us
 */
export async function openHandles(
  pid: number,
  mark: string,
  ownUsers: boolean,
): Promise<SandboxHandles | undefined> {
  const process = `/proc/${String(pid)}`;
  const opened: FileHandle[] = [];
  const openOne = async (path: string): Promise<FileHandle> => {
    const handle = await open(path, 'r');
    opened.push(handle);
    return handle;
  };
  let shared: Namespace | undefined;
  try {
    const root = await openOne(`${process}/root`);
    const namespaces = new Map<Namespace, FileHandle>();
    for (const name of ownUsers ? [...NAMESPACES, 'user' as const] : NAMESPACES)
      namespaces.set(name, await openOne(`${process}/ns/${name}`));
    const proc = await openOne(entryOf(root, 'proc'));
    for (const [name, handle] of namespaces) if (await isOurs(name, handle)) shared = name;
    // Checked last, and in both ways: so it was the same process throughout.
    const isMade = [entryOf(root, mark), `${process}/root/${mark}`].every(isThere) && !isThere(`/${mark}`);
    if (isMade && shared === undefined) {
      // A single path component, without following links: what is deleted is in that root.
      await unlink(entryOf(root, mark));
      return { root, proc, namespaces };
    }
  } catch {
    // It has ended meanwhile.
  }
  await Promise.all(opened.map((handle) => handle.close()));
  if (shared !== undefined) throw new Error(`not a sandbox: it shares our ${shared} namespace`);
  return undefined;
}

/** Closes the files of a sandbox. */
export async function closeHandles({ root, proc, namespaces }: SandboxHandles): Promise<void> {
  await Promise.all([root, proc, ...namespaces.values()].map((handle) => handle.close()));
}

async function isOurs(name: Namespace, { fd }: FileHandle): Promise<boolean> {
  const [theirs, ours] = await Promise.all([
    readlink(`/proc/self/fd/${String(fd)}`),
    readlink(`/proc/self/ns/${name}`),
  ]);
  return theirs === ours;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
