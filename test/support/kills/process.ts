import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process below another, as /proc shows it at one moment. */
export interface Child {
  readonly pid: number;
  /** The program's file name, without its folder. */
  readonly program: string;
  /** Its network namespace, as `net:[4026531840]`. */
  readonly netns: string;
}

const attempt = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};

/** Everything a process has started that still runs, their own children included. */
export function descendants(pid: number): readonly Child[] {
  const listed = attempt(() => readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'latin1'));
  return listed
    .split(' ')
    .filter((text) => text !== '')
    .map(Number)
    .flatMap((child) => {
      const [program = ''] = attempt(() => readFileSync(`/proc/${String(child)}/cmdline`, 'latin1')).split(
        '\0',
      );
      const netns = attempt(() => readlinkSync(`/proc/${String(child)}/ns/net`));
      return [{ pid: child, program: program.replace(/^.*\//, ''), netns }, ...descendants(child)];
    });
}

/** Sends a signal; false when the process is gone. */
export function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** Stops a process where it is. False when it had ended. */
export function freeze(pid: number): boolean {
  if (!signal(pid, 'SIGSTOP')) return false;
  for (;;) {
    const state = /\) (\w)/.exec(attempt(() => readFileSync(`/proc/${String(pid)}/stat`, 'latin1')))?.[1];
    if (state === undefined || state === 'Z' || state === 'X') return false;
    if (state === 'T') return true;
  }
}

/** What a tool may run at a time, in milliseconds: it writes a table in less than one. */
const SLICE = 0.1;

/**
 * Lets a process go on in short slices, until what it has done so far is what is waited for. It is stopped then, or has ended.
 *
 * @param isThere - asked while it is stopped
 */
export async function stepBetween(pid: number, isThere: () => Promise<boolean>): Promise<void> {
  while (freeze(pid)) {
    if (await isThere()) return;
    signal(pid, 'SIGCONT');
    const until = performance.now() + SLICE;
    while (performance.now() < until);
  }
}

/** Processes that carry a mark in their environment. */
export function marked(mark: string): readonly number[] {
  const carries = (pid: string): boolean =>
    attempt(() => readFileSync(`/proc/${pid}/environ`, 'latin1')).includes(mark) &&
    attempt(() => readlinkSync(`/proc/${pid}/exe`)) !== '';
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && carries(name))
    .map(Number);
}
