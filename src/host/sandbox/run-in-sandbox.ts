import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants as fileConstants } from 'node:fs';
import { open, readdir, readFile, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Input } from '../command/stdin.ts';
import { timeCommand } from '../command/command-log.ts';
import { entryOf, openInside } from './inside.ts';
import { isMemoryShort, MOST_PROCESSES } from './limits.ts';
import type { Sandbox } from './sandbox.ts';

/** A command to rehearse. */
export interface SandboxCommand {
  readonly words: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: Pick<Input, 'text' | 'ends'>;
  /** Time limit of the command, in seconds. */
  readonly seconds: number;
}

/** How a command ended in a sandbox. */
export type Ending =
  /** By itself; `status` is as `exit 0` or `SIGSEGV`. */
  | { readonly by: 'itself'; readonly status: string }
  /** Stopped: it took too long, waited for input, or exceeded the sandbox's limits. */
  | { readonly by: Stop };

type Stop = 'time' | 'question' | 'limit';

export interface SandboxRun {
  readonly ending: Ending;
  /** The last lines of its output. */
  readonly said: readonly string[];
  /** Whether it exceeded the sandbox's limits at any time. */
  readonly wantedMore: boolean;
}

const TOLD_LINES = 5;
/** Bytes of output that are read. */
const TAIL = 8_192;
const INSIDE = 'cd "$1" 2>/dev/null || cd /; shift; exec "$@"';

/** Milliseconds to wait for what a command leaves running. */
const GRACE = 2_000;
const PAUSE = 20;
/** Milliseconds between two checks of a running command, and how many checks in a row must find it waiting for input. */
const LOOK = 100;
const LOOKS = 3;

/** Runs a command inside a sandbox. If it had to be stopped, the sandbox has ended with it. */
export async function runInSandbox(
  { words, cwd, env, input, seconds }: SandboxCommand,
  sandbox: Sandbox,
): Promise<SandboxRun> {
  const [file, ...args] = [...sandbox.enter, 'sh', '-c', INSIDE, 'sh', cwd, ...words];
  const said = await openSaid(sandbox.root);
  try {
    const logged = timeCommand([file, ...args]);
    const child = spawn(file, args, {
      env,
      // In a session of its own it has no terminal to ask anything on.
      detached: true,
      stdio: ['pipe', said.fd, said.fd],
    });
    const ended = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>;
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(Buffer.from(input.text, 'latin1'));
    if (input.ends) child.stdin?.end();
    const watching = watch(sandbox, input.ends, performance.now() + seconds * 1000);
    const first = await Promise.race([ended.then(() => 'ended' as const), watching.seen]);
    watching.stop();
    if (first !== 'ended') {
      // First: nsenter stops itself when its command stops (util-linux), and the sandbox would wait for it to reap its child.
      child.kill('SIGKILL');
      await sandbox.end();
    }
    const [code, signal] = await ended;
    logged({ exitCode: code, signal });
    child.stdin?.destroy();
    const ending: Ending =
      first === 'ended'
        ? { by: 'itself', status: code === null ? (signal ?? 'not started') : statusOf(code) }
        : { by: first };
    // Before its output is removed: the output may be what fills the sandbox.
    const wantedMore = (await sandbox.limits.wereHit()) || (await isFull(sandbox.root));
    return { ending, said: await lastLines(said), wantedMore };
  } finally {
    await said.close();
  }
}

/**
 * A file of the sandbox that is unlinked before the command starts, so that nothing can replace it. Not a pipe: a pipe would
 * make us wait for whatever the command leaves running.
 */
async function openSaid(root: FileHandle): Promise<FileHandle> {
  const folder = await openInside(root, '/run', false);
  try {
    const path = entryOf(folder, `said-${randomBytes(8).toString('hex')}`);
    const { O_RDWR, O_CREAT, O_EXCL, O_APPEND } = fileConstants;
    const file = await open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0o600);
    await unlink(path);
    return file;
  } finally {
    await folder.close();
  }
}

/** nsenter reports how the command ended as a shell would. */
function statusOf(exitCode: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number + 128 === exitCode)?.[0];
  return signal ?? `exit ${String(exitCode)}`;
}

interface StopWatch {
  readonly seen: Promise<Stop>;
  readonly stop: () => void;
}

/** Watches a running command until its time is over, it exceeds a limit, or it waits for input that will not come. */
function watch({ proc, limits }: Sandbox, inputEnds: boolean, deadline: number): StopWatch {
  let isOver = false;
  const look = async (): Promise<Stop> => {
    for (let waiting = 0; ;) {
      await sleep(LOOK);
      if (isOver) return new Promise(() => undefined);
      if (performance.now() > deadline) return 'time';
      const pids = await pidsIn(proc);
      if (pids.length > MOST_PROCESSES || (await isMemoryShort()) || (await limits.wereHit())) return 'limit';
      if (inputEnds) continue;
      waiting = (await isWaitingForInput(proc, pids)) ? waiting + 1 : 0;
      if (waiting >= LOOKS) return 'question';
    }
  };
  return {
    seen: look(),
    stop: () => {
      isOver = true;
    },
  };
}

/** The kernel functions that a read of an empty socket sleeps in; our end of a standard input is one. */
const READS_SOCKET = /^unix_stream_(?:read_generic|data_wait)/;

async function isWaitingForInput(proc: FileHandle, pids: readonly string[]): Promise<boolean> {
  const places = await Promise.all(
    pids.map((pid) => readFile(entryOf(proc, `${pid}/wchan`), 'latin1').catch(() => '')),
  );
  return places.some((place) => READS_SOCKET.test(place));
}

/** Waits for what a command left running in the background. Returns the names of what still runs. */
export async function awaitQuiescence(proc: FileHandle): Promise<readonly string[]> {
  const deadline = performance.now() + GRACE;
  for (;;) {
    const names = await running(proc);
    if (names.length === 0 || performance.now() > deadline) return names;
    await sleep(PAUSE);
  }
}

async function running(proc: FileHandle): Promise<readonly string[]> {
  const pids = await pidsIn(proc);
  const stats = await Promise.all(
    pids.map((pid) => readFile(entryOf(proc, `${pid}/stat`), 'latin1').catch(() => '')),
  );
  return stats.flatMap((stat) => {
    const [, name, state] = /^\d+ \((.*)\) (\S)/s.exec(stat) ?? [];
    // Zombies are not counted: the sandbox's first process does not reap them.
    return name === undefined || state === 'Z' ? [] : [name];
  });
}

/** Processes of a sandbox beside its first one. */
async function pidsIn(proc: FileHandle): Promise<readonly string[]> {
  const names = await readdir(entryOf(proc, '.'));
  return names.filter((name) => /^\d+$/.test(name) && name !== '1');
}

/** Whether a sandbox has no room left for files: what was to be written there is not known. */
async function isFull(root: FileHandle): Promise<boolean> {
  const rooms = await Promise.all(
    ['.', 'run', 'dev/shm'].map((name) => statfs(entryOf(root, name)).catch(() => undefined)),
  );
  return rooms.some((room) => room !== undefined && (room.bavail === 0 || room.ffree === 0));
}

async function lastLines(file: FileHandle): Promise<readonly string[]> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL), 0, TAIL, Math.max(0, size - TAIL));
  return buffer
    .toString('latin1', 0, bytesRead)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-TOLD_LINES);
}
