import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../fault.ts';
import { timeCommand } from './command-log.ts';

/** The descriptors that starting one program takes for a moment: three socket pairs, and the pipe that reports a failed exec. */
const NEEDED = 9;
const ENOUGH = 1024;
const PAUSE = 20;
/** Milliseconds to wait for free descriptors: our own programs end within that time. */
const LONGEST = 10_000;

/**
 * Starts a program once there are enough file descriptors for it: with a low `ulimit -n` programs are started one after
 * the other, and root raises its limit. Without that, execa 9 throws a TypeError when Node can make no pipes, and an
 * `error` event follows that cannot be caught.
 *
 * @param start - must start it synchronously, before the free descriptors are taken
 * @throws Fault RG_SYSTEM (exit 3) when there are none for 10 s
 */
export async function startWithDescriptors<T>(start: () => T): Promise<{ readonly child: T }> {
  let deadline: number | undefined;
  for (;;) {
    const trouble = shortage();
    // Wrapped: execa's children are promises, and would be awaited here.
    if (trouble === undefined) return { child: start() };
    if (deadline === undefined) {
      deadline = Date.now() + LONGEST;
      await allowMore();
      continue;
    }
    if (Date.now() > deadline) {
      throw new Fault('RG_SYSTEM', 3, `no program can be started: ${trouble}`, {
        hint: 'Allow more open files and try again: ulimit -n 1024 (of the whole machine: sysctl fs.file-max)',
      });
    }
    await sleep(PAUSE);
  }
}

function shortage(): string | undefined {
  const opened: number[] = [];
  try {
    for (let i = 0; i < NEEDED; i++) opened.push(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE' ? message : undefined;
  } finally {
    for (const file of opened) closeSync(file);
  }
}

/** Node raises the limit to the hard one at its start, but cannot raise that; root's prlimit can (CAP_SYS_RESOURCE). */
async function allowMore(): Promise<void> {
  const limit = `--nofile=${String(ENOUGH)}:${String(ENOUGH)}`;
  await new Promise<void>((resolve) => {
    // Without pipes it takes two descriptors only.
    const [file, ...args] = ['prlimit', '--pid', String(process.pid), limit] as const;
    const ended = timeCommand([file, ...args]);
    const child = spawn(file, args, { stdio: 'ignore' });
    child.on('error', (error: NodeJS.ErrnoException) => {
      ended(error);
      resolve();
    });
    child.on('exit', (exitCode, signal) => {
      ended({ exitCode, signal });
      resolve();
    });
  });
}
