import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../../printable.ts';
import { joinedSockets } from '../../watch/listener-lines.ts';
import { timeCommand } from '../command/command-log.ts';
import { COMMAND_ENV } from '../command/command.ts';
import { startWithDescriptors } from '../command/descriptors.ts';
import { listProc, readProc } from '../doctor/proc-file.ts';
import { socketOf } from '../engine/daemon-trust.ts';
import { PERL_ENV } from './perl.ts';
import { readLines } from '../command/read-lines.ts';

/** A program that listens, and what its lines mean. */
export interface Way {
  readonly words: readonly [string, ...string[]];
  /** What it is, for people. */
  readonly program: string;
  /** How it listens, for people. */
  readonly says: string;
  /**
   * The protocol of netlink of which it joins a group: it listens once it has. Without, it is a script of ours, which prints
   * `ready` when it listens and `missed REASON` when the kernel dropped something.
   */
  readonly joins?: number;
  /** Takes each other line of its output. */
  readonly line: (line: string) => void;
}

/** What is told while it listens. */
export interface Listening {
  readonly listens: () => void;
  readonly missed: (reason: string) => void;
}

/** Characters: our listener's longest line has nine command lines in it, each character three times as long at worst. */
const LONGEST_LINE = 65_536;
const LONGEST_COMPLAINT = 400;
/** Milliseconds between looks whether it has joined. */
const LOOK = 10;

/**
 * Runs a listening program until it ends.
 *
 * @param signal - kills it
 * @returns how it ended, when it has, for people
 */
export async function listen(way: Way, signal: AbortSignal, tell: Listening): Promise<string> {
  const { execa } = await import('execa');
  const { program, words } = way;
  const [file, ...args] = words;
  const logged = timeCommand(words);
  let complaint = '';
  let listens = false;
  const stopped = (): boolean => signal.aborted;
  if (stopped()) return 'it was stopped';
  const begin = (): void => {
    if (listens) return;
    listens = true;
    tell.listens();
  };
  try {
    const { child } = await startWithDescriptors(() =>
      execa(file, args, {
        env: { ...COMMAND_ENV, ...PERL_ENV },
        reject: false,
        buffer: false,
        // Closed when this process ends, however it does: our scripts end then.
        stdin: 'pipe',
        stdout: 'pipe',
        stderr: 'pipe',
        // Ctrl-C on the terminal is for us: what has to be stopped is stopped by us.
        detached: true,
      }),
    );
    const stop = (): void => {
      child.kill('SIGKILL');
    };
    signal.addEventListener('abort', stop);
    if (stopped()) stop();
    child.stdin.on('error', () => undefined);
    readLines(child.stdout, LONGEST_LINE, (line) => {
      if (way.joins !== undefined) way.line(line);
      else if (line.startsWith('ready')) begin();
      else if (line.startsWith('missed'))
        tell.missed(`the kernel dropped events: ${printable(line.slice(7))}`);
      else way.line(line);
    });
    readLines(child.stderr, LONGEST_COMPLAINT, (line) => {
      if (line.trim() === '') return;
      if (listens || complaint === '') complaint = printable(line.trim());
      // What a monitor complains about is that it lost something.
      if (listens) tell.missed(complaint);
    });
    const ended = child.finally(() => {
      signal.removeEventListener('abort', stop);
    });
    const over = new AbortController();
    if (way.joins !== undefined && child.pid !== undefined)
      void whenJoined(child.pid, way.joins, over.signal, begin);
    const result = await ended;
    over.abort();
    logged(result);
    const how =
      result.exitCode === undefined
        ? (result.signal ?? result.code ?? 'no reason given')
        : `exit ${String(result.exitCode)}`;
    return `${program} ended (${how})${complaint === '' ? '' : `: ${complaint}`}`;
  } catch (error) {
    return `${program} could not be started: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Waits until one of a process's sockets has joined a group of netlink's. It asks ever more seldom, up to each second. */
async function whenJoined(pid: number, protocol: number, over: AbortSignal, then: () => void): Promise<void> {
  const folder = `/proc/${String(pid)}`;
  for (let pause = LOOK; !over.aborted; pause = Math.min(pause * 1.5, 1000)) {
    const joined = joinedSockets(readProc(`${folder}/net/netlink`) ?? '', protocol);
    const listens =
      joined.size > 0 && listProc(`${folder}/fd`).some((fd) => joined.has(socketOf(`${folder}/fd/${fd}`)));
    if (listens) {
      then();
      return;
    }
    await sleep(pause, undefined, { signal: over }).catch(() => undefined);
  }
}
