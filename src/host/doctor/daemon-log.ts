import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { linesOnRules } from '../../doctor/facts/daemon-log.ts';
import { Fault } from '../../fault.ts';
import { COMMAND_ENV, run } from '../command/command.ts';
import { which } from '../command/which.ts';

/** How much of the end of a log is read, in bytes. */
const TAIL = 262_144;
/** How long journald may take; in milliseconds. */
const PATIENCE = 2_000;

/**
 * The lines on iptables of dockerd's own log: of the file it writes to, else of journald.
 *
 * @param daemons - pids of those whose rules are in this network namespace
 * @returns undefined when no log can be read
 */
export async function readDaemonLog(daemons: readonly number[]): Promise<readonly string[] | undefined> {
  for (const pid of daemons)
    for (const stream of [2, 1]) {
      const text = tailOf(`/proc/${String(pid)}/fd/${String(stream)}`);
      if (text !== undefined) return linesOnRules(text);
    }
  const text = await journal();
  return text === undefined ? undefined : linesOnRules(text);
}

/** The end of a regular file; undefined for a pipe, a socket or a terminal. */
function tailOf(path: string): string | undefined {
  let file: number | undefined;
  try {
    // Before it is opened: who opens a pipe or a terminal takes part in it.
    const { size, isFile } = kindOf(path);
    if (!isFile) return undefined;
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const start = Math.max(0, size - TAIL);
    const bytes = Buffer.alloc(size - start);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, start));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function kindOf(path: string): { readonly size: number; readonly isFile: boolean } {
  const stats = statSync(path);
  return { size: stats.size, isFile: stats.isFile() };
}

async function journal(): Promise<string | undefined> {
  if ((await which('journalctl', COMMAND_ENV.PATH)) === undefined) return undefined;
  try {
    const { stdout, exitCode } = await run(
      ['journalctl', '-u', 'docker', '-n', '400', '--no-pager', '-o', 'cat'],
      { timeout: PATIENCE },
    );
    return exitCode === 0 && stdout !== '' ? stdout : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
