import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * Whether these words start the resident watch.
 *
 * @param words - as `/proc/PID/cmdline` has them
 */
export function isWatch(words: readonly string[]): boolean {
  const at = words.findIndex((word) => /^rulesguard(?:\.js)?$/.test(basename(word)));
  // The one-file program is its own interpreter; npm's comes behind Node and its options.
  const verb = words.slice(at + 1).find((word) => !word.startsWith('-'));
  return at !== -1 && verb === 'watch' && !words.includes('--pause') && !words.includes('--resume');
}

/**
 * The process ids of watches in this network namespace.
 *
 * @throws Error of the file system where `/proc` cannot be read
 */
export async function watchProcesses(): Promise<readonly number[]> {
  const ours = await readlink('/proc/self/ns/net');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const words = (await readFile(`/proc/${pid}/cmdline`, 'latin1')).split('\0').slice(0, -1);
        return isWatch(words) && (await readlink(`/proc/${pid}/ns/net`)) === ours ? [Number(pid)] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    }),
  );
  return found.flat();
}
