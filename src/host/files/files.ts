import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../fault.ts';
import { MOST_BYTES } from './bounded.ts';
import { draftName, removeLeftovers } from './leftovers.ts';
import { judgePath } from './trusted-path.ts';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Makes a folder only its owner may enter. An existing one is left as it is if nobody else can write to it.
 *
 * @throws Fault RG_UNSAFE_FILE
 */
export async function makePrivateFolder(path: string): Promise<void> {
  // Before: nothing is created behind a link of somebody else's. After: somebody may have created a part of it meanwhile.
  refuseUnsafeFolder(path, 'folder');
  await makeFolder(path);
  refuseUnsafeFolder(path, 'folder');
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (first) {
    // Node 20 calls a read-only disk ENOENT when it is asked for the folders above as well.
    const error: unknown = await mkdir(path, { mode: 0o700 }).then(
      () => undefined,
      (second: unknown) => second,
    );
    if (error === undefined) return;
    throw new Fault('RG_UNSAFE_FILE', 3, `the folder ${path} could not be made: ${messageOf(error)}`, {
      hint: 'Run it as root (sudo rulesguard …), or name another place: --state-dir, --run-dir',
      cause: error ?? first,
    });
  }
}

/** How a file is written. */
interface WriteOptions {
  readonly like?: { readonly mode: number; readonly uid: number; readonly gid: number };
  readonly durable?: boolean;
}

/**
 * Writes a file so that a reader sees the old content or the new, never half of it, also after a crash: temporary file in
 * the same folder, fsync, rename, fsync of the folder. Mode 0600: rules disclose the topology. A symbolic link is replaced,
 * never followed: in /tmp it may be anybody's.
 *
 * @param how - `like`: mode and owner it is to have instead; `durable: false`: does not wait for the disk, so a power cut may
 *   lose the file
 */
export async function writeAtomically(
  path: string,
  content: string | Buffer,
  { like, durable = true }: WriteOptions = {},
): Promise<void> {
  const folder = dirname(path);
  await refuseOddPlace(path);
  const temporary = join(folder, draftName());
  try {
    if (!durable && like === undefined) {
      // Into memory alone, so at once, as when it is read.
      writeFileSync(temporary, content, { flag: 'wx', mode: 0o600 });
      renameSync(temporary, path);
      await removeLeftovers(folder);
      return;
    }
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      if (like !== undefined) {
        await file.chown(like.uid, like.gid);
        await file.chmod(like.mode);
      }
      if (durable) await file.sync();
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
  await removeLeftovers(folder);
  if (!durable) return;
  const opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await opened.sync().finally(() => opened.close());
}

/** Where the kernel's files and devices are: renaming over a device would destroy it for the whole host. */
const NO_PLACE = /^\/(?:dev(?!\/shm\/)|proc|sys)\//;

/** Refuses to replace a device, a pipe, a socket or a folder by a file. @throws Fault RG_UNSAFE_FILE */
async function refuseOddPlace(path: string): Promise<void> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  const there = await stat(path).catch(() => undefined);
  if (!NO_PLACE.test(`${folder}/`) && (there === undefined || there.isFile())) return;
  throw new Fault('RG_UNSAFE_FILE', 3, `${path} could not be written: it is no place for a file`, {
    hint: 'Name a plain file. For standard output leave the option out, where that is possible.',
  });
}

/**
 * Refuses a folder in which others could replace our file: it, every folder above it and every link on the
 * way must be root's (or, run without root, one's own), and no other may write there.
 *
 * @param what - what is in it, for the fault
 * @throws Fault RG_UNSAFE_FILE naming the weak link
 */
function refuseUnsafeFolder(folder: string, what: string): void {
  const { weakness } = judgePath(folder);
  if (weakness === undefined) return;
  const { path, why } = weakness;
  throw new Fault(
    'RG_UNSAFE_FILE',
    3,
    path === folder
      ? `the ${what} is not used: ${path} ${why}; it must belong to root, and nobody else may write there`
      : `the ${what} is not used: ${path} ${why}, so others can change what is in ${folder}; all of that path must belong to root, and nobody else may write there`,
    {
      details: ['Root acts on its content, so nobody else may be able to change it.'],
      hint: `Look at it (ls -ld ${path}); if it is yours: chown root: ${path} && chmod go-w ${path}`,
    },
  );
}

/**
 * Reads a file that root is about to act on. Refused: a symbolic link, a file or folder that is not root's (or, run
 * without root, not one's own), or that others may write.
 *
 * @param what - what it is to the reader, for the fault: `baseline`, `plan`
 * @throws Fault RG_UNSAFE_FILE
 */
// eslint-disable-next-line @typescript-eslint/require-await -- what it throws is a rejection
export async function readTrusted(
  path: string,
  what: string,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<string> {
  refuseUnsafeFolder(dirname(path), what);
  // At once: each step that another thread takes costs more than the file, and a repair waits for some of them.
  let file: number;
  try {
    // Without O_NONBLOCK a pipe instead of a file would block us for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new Fault('RG_UNSAFE_FILE', 3, `the ${what} ${path} cannot be read: ${messageOf(error)}`, {
      hint:
        what === 'baseline' ? 'See which there are: rulesguard baseline list' : `Look at it: ls -l ${path}`,
      cause: error,
    });
  }
  try {
    // The open file is judged, not its name: so what is judged is what is read.
    const stats = fstatSync(file);
    refuseUnless(stats.isFile(), path, what);
    if (stats.size > MOST_BYTES)
      throw new Fault('RG_UNSAFE_FILE', 3, `the ${what} ${path} is larger than ${String(MOST_BYTES)} bytes`, {
        hint: `Look at it: ls -l ${path}`,
      });
    refuseUnless(isOwn(stats.uid) && (stats.mode & OTHERS_MAY_WRITE) === 0, path, what);
    return readFileSync(file, encoding);
  } finally {
    closeSync(file);
  }
}

/** A file's content as JSON; undefined, which fits no schema, when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function refuseUnless(trusted: boolean, path: string, what: string): void {
  if (trusted) return;
  throw new Fault(
    'RG_UNSAFE_FILE',
    3,
    `the ${what} is not used: ${path} does not belong to root, may be written by others, or is no plain file`,
    {
      details: ['Root acts on its content, so nobody else may be able to change it.'],
      hint: `Look at it (ls -ld ${path}). A folder of yours: chown root: ${path} && chmod go-w ${path}. A file with your content: copy it, because whoever has it open can still write: install -o root -g root -m 600 ${path} ${path}.new, read ${path}.new, then: mv ${path}.new ${path}`,
    },
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isOwn = (uid: number): boolean => uid === 0 || uid === process.geteuid?.();
