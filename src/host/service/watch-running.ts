import { readdirSync } from 'node:fs';
import { isOfThisHost, ownerOf } from '../engine/daemon-trust.ts';
import { readRegular } from '../files/regular-file.ts';

const MIB = 1024 * 1024;
/** Of `watch`, these only say something to the one that runs. */
const TALKS: ReadonlySet<string> = new Set(['--pause', '--resume', '--help']);

/** The process of this host's `rulesguard watch`; undefined where none runs. */
export function watchRunning(): string | undefined {
  return readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    const words = readRegular(`/proc/${pid}/cmdline`, MIB)?.toString('latin1').split('\0') ?? [];
    return isWatch(words) && ownerOf(pid) === process.geteuid?.() && isOfThisHost(pid);
  });
}

/** @param words - of a command line: Node, the program, the verb, its options */
function isWatch(words: readonly string[]): boolean {
  const [, program = '', verb, ...options] = words;
  return (
    verb === 'watch' && /(?:^|\/)rulesguard(?:\.js)?$/.test(program) && !options.some((one) => TALKS.has(one))
  );
}
