import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const DRAFT = /^\.(\d+)-\d+\.tmp$/;
/** Milliseconds after which no writer is still at work, not even one in another container, whose process id cannot be checked here. */
const OLD = 60_000;

/** The name of a file while it is being written: hidden, and with an ending that no listing reads. */
export const draftName = (): string => `.${String(process.pid)}-${String(process.hrtime.bigint())}.tmp`;

/**
 * Removes what killed writers left: our own plain files of that name, a minute old, whose process is gone. A file that cannot
 * be examined stays.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = Number(DRAFT.exec(name)?.[1]);
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    const path = join(folder, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isFile() !== true || stats.uid !== process.geteuid?.() || Date.now() - stats.mtimeMs < OLD)
      continue;
    await rm(path, { force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
