import { readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { isOfThisHost, ownerOf } from '../engine/daemon-trust.ts';
import { readRegular } from '../files/regular-file.ts';

const MIB = 1024 * 1024;
/** Of `watch`, these only say something to the one that runs. */
const TALKS: ReadonlySet<string> = new Set(['--pause', '--resume', '--help']);

/**
 * Whether these words start the resident watch. The packaged program is its own interpreter; npm's comes behind Node and its options.
 *
 * @param words - as `/proc/PID/cmdline` has them
 */
export function isWatch([first = '', ...rest]: readonly string[]): boolean {
  const isNode = /^node(?:js)?$/.test(basename(first));
  const at = isNode ? rest.findIndex((word) => !word.startsWith('-')) : -1;
  const program = at === -1 ? first : (rest[at] ?? '');
  const options = rest.slice(at + 1);
  return (
    /^rulesguard(?:\.js)?$/.test(basename(program)) &&
    options.find((word) => !word.startsWith('-')) === 'watch' &&
    !options.some((word) => TALKS.has(word.replace(/=.*$/s, '')))
  );
}

/**
 * The process ids of this user's watches in this network namespace, none in a container.
 *
 * @throws Error of the file system where `/proc` cannot be read
 */
export function watchProcesses(): readonly number[] {
  const ours = readlinkSync('/proc/self/ns/net');
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    const words = readRegular(`/proc/${pid}/cmdline`, MIB)?.toString('latin1').split('\0').slice(0, -1) ?? [];
    if (!isWatch(words) || ownerOf(pid) !== process.geteuid?.() || !isOfThisHost(pid)) return [];
    return networkOf(pid) === ours ? [Number(pid)] : [];
  });
}

function networkOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
