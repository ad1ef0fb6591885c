import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../fault.ts';

const OTHERS_MAY_WRITE = 0o022;
/** As on /tmp: others may add files, but not take away or rename ours. */
const STICKY = 0o1000;

/** Makes a folder only its owner may enter. An existing one is left as it is: {@link readTrusted} judges it. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Fault('RG_UNSAFE_FILE', 3, `the folder ${path} could not be made: ${messageOf(error)}`, {
      hint: 'Run it as root (sudo rulesguard …), or name another place: --state-dir, --run-dir',
      cause: error,
    });
  }
}

/**
 * Writes a file so that a reader sees the old content or the new, never half of it, also after a crash: temporary file in
 * the same folder, fsync, rename, fsync of the folder. Mode 0600: rules disclose the topology. A symbolic link is replaced,
 * never followed: in /tmp it may be anybody's.
 *
 * @param like - mode and owner it is to have instead
 */
export async function writeAtomically(
  path: string,
  content: string | Buffer,
  like?: { readonly mode: number; readonly uid: number; readonly gid: number },
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${String(process.pid)}-${String(process.hrtime.bigint())}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      if (like !== undefined) {
        await file.chown(like.uid, like.gid);
        await file.chmod(like.mode);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new Fault('RG_UNSAFE_FILE', 3, `${path} could not be written: ${messageOf(error)}`, {
      hint: `See whether the folder is there and may be written: ls -ld ${folder}`,
      cause: error,
    });
  }
  const opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await opened.sync().finally(() => opened.close());
}

/**
 * Refuses a folder in which others could put another file in the place of ours.
 *
 * @param what - what lies in it, for the fault
 * @throws Fault RG_UNSAFE_FILE
 */
export async function refuseUnsafeFolder(folder: string, what: string): Promise<void> {
  const stats = await lstat(folder).catch(() => undefined);
  if (stats === undefined) return;
  const closed = (stats.mode & OTHERS_MAY_WRITE) === 0 || (stats.mode & STICKY) !== 0;
  refuseUnless(isOwn(stats.uid) && closed, folder, what);
}

/**
 * Reads a file that root is about to act on. Refused: a symbolic link, a file or folder that is not root's (or, run
 * without root, not one's own), or that others may write.
 *
 * @param what - what it is to the reader, for the fault: `baseline`, `plan`
 * @throws Fault RG_UNSAFE_FILE
 */
export async function readTrusted(path: string, what: string): Promise<string> {
  await refuseUnsafeFolder(dirname(path), what);
  let file: FileHandle;
  try {
    // Without O_NONBLOCK a pipe in the place of the file would keep us waiting for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new Fault('RG_UNSAFE_FILE', 3, `the ${what} ${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    // Asked of the open file: what is judged is what is read, whatever happens to the name meanwhile.
    const stats = await file.stat();
    refuseUnless(stats.isFile(), path, what);
    refuseUnless(isOwn(stats.uid) && (stats.mode & OTHERS_MAY_WRITE) === 0, path, what);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** A file's content as JSON; undefined, which fits no schema, when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isOwn = (uid: number): boolean => uid === 0 || uid === process.geteuid?.();

function refuseUnless(trusted: boolean, path: string, what: string): void {
  if (trusted) return;
  throw new Fault(
    'RG_UNSAFE_FILE',
    3,
    `the ${what} is not used: ${path} does not belong to root, may be written by others, or is no plain file`,
    {
      details: ['Root acts on what it says, so nobody else may have had a hand in it.'],
      hint: `Look at it (ls -ld ${path}); if its content is yours: chown root: ${path} && chmod go-w ${path}`,
    },
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
