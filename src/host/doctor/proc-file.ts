import { readdirSync } from 'node:fs';
import { readRegular } from '../files/regular-file.ts';
import { judgePath } from '../files/trusted-path.ts';

/** Of /proc and /sys nothing that is read comes near it; what a container puts there could. */
const MOST = 16 * 1024 * 1024;

/**
 * The content of a small file of /proc or /sys, latin1. For a hundred containers two thousand of them are read.
 *
 * @returns undefined where it is not there, may not be read, or is no regular file
 */
export const readProc = (path: string): string | undefined => readRegular(path, MOST)?.toString('latin1');

/**
 * The content of a file inside a container, latin1: the container decides what it is, so no link leads out of its root, and
 * what is no regular file is not opened.
 *
 * @param root - `/proc/PID/root`
 */
export function readInRoot(root: string, path: string): string | undefined {
  const { real, stats } = judgePath(path, { root });
  return stats?.isFile() === true
    ? readRegular(`${root}${real}`, MOST, false)?.toString('latin1')
    : undefined;
}

/** The names in a folder; none where it is not there. */
export function listProc(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
