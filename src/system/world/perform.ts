import { readdir, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Rehearsal } from './rehearse.ts';
import type { World } from './world.ts';

/** How a command came to its end in a world. */
export type Ending =
  /** By itself; `status` is as `exit 0` or `SIGSEGV`. */
  | { readonly by: 'itself'; readonly status: string }
  /** Ended by us: it took too long, or waited for input that nobody could give. */
  | { readonly by: 'time' | 'question' };

export interface Performed {
  readonly ending: Ending;
  /** The last lines of what it said. */
  readonly said: readonly string[];
}

const TOLD_LINES = 5;
/** Bytes of output that are looked at. */
const TAIL = 8_192;
/** A file of the world: a pipe would keep us waiting for whatever the command leaves running. */
const SAID = '/run/rulesguard-said';
const INSIDE = `exec >${SAID} 2>&1; cd "$1" 2>/dev/null || cd /; shift; exec "$@"`;

/** How long what a command leaves running is waited for, in milliseconds. */
const GRACE = 2_000;
const PAUSE = 20;
/** How often a running command is looked at, in milliseconds, and how often in a row it must be seen waiting. */
const LOOK = 100;
const LOOKS = 3;

/** Runs a command inside a world. If it had to be stopped, the world has ended with it. */
export async function perform(
  { words, cwd, env, input, seconds }: Rehearsal,
  world: World,
): Promise<Performed> {
  const [file, ...args] = [...world.enter, 'sh', '-c', INSIDE, 'sh', cwd, ...words];
  const child = execa(file, args, {
    env,
    extendEnv: false,
    reject: false,
    // In a session of its own it has no terminal to ask anything on.
    detached: true,
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(Buffer.from(input.text, 'latin1'));
  if (input.ends) child.stdin.end();
  let stopped: 'time' | 'question' | undefined;
  const said = (): Promise<readonly string[]> => lastLines(`${world.root}${SAID}`);
  const stop = async (why: 'time' | 'question'): Promise<readonly string[]> => {
    stopped = why;
    const lines = await said();
    await world.end();
    return lines;
  };
  const watching = watch(
    world.root,
    input.ends,
    performance.now() + seconds * 1000,
    () => stopped !== undefined,
  );
  const first = await Promise.race([child.then(() => 'ended' as const), watching.seen]);
  watching.stop();
  if (first !== 'ended') {
    const lines = await stop(first);
    await child;
    return { ending: { by: first }, said: lines };
  }
  const { exitCode, signal } = await child;
  const status = exitCode === undefined ? (signal ?? 'not started') : statusOf(exitCode);
  return { ending: { by: 'itself', status }, said: await said() };
}

/** nsenter passes on what ended the command as a shell would. */
function statusOf(exitCode: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number + 128 === exitCode)?.[0];
  return signal ?? `exit ${String(exitCode)}`;
}

interface Watch {
  readonly seen: Promise<'time' | 'question'>;
  readonly stop: () => void;
}

/** Looks at a running command until it has had its time, or is seen waiting for input that will not come. */
function watch(root: string, inputEnds: boolean, deadline: number, isStopped: () => boolean): Watch {
  let isOver = false;
  const look = async (): Promise<'time' | 'question'> => {
    for (let waiting = 0; ;) {
      await sleep(LOOK);
      if (isOver || isStopped()) return new Promise(() => undefined);
      if (performance.now() > deadline) return 'time';
      if (inputEnds) continue;
      waiting = (await isWaitingForInput(root)) ? waiting + 1 : 0;
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

async function isWaitingForInput(root: string): Promise<boolean> {
  const pids = await pidsIn(root);
  const places = await Promise.all(
    pids.map((pid) => readFile(`${root}/proc/${pid}/wchan`, 'latin1').catch(() => '')),
  );
  return places.some((place) => READS_SOCKET.test(place));
}

/** Waits for what a command left running in the background. Returns the names of what is still there. */
export async function settle(root: string): Promise<readonly string[]> {
  const deadline = performance.now() + GRACE;
  for (;;) {
    const names = await running(root);
    if (names.length === 0 || performance.now() > deadline) return names;
    await sleep(PAUSE);
  }
}

async function running(root: string): Promise<readonly string[]> {
  const pids = await pidsIn(root);
  const stats = await Promise.all(
    pids.map((pid) => readFile(`${root}/proc/${pid}/stat`, 'latin1').catch(() => '')),
  );
  return stats.flatMap((stat) => {
    const [, name, state] = /^\d+ \((.*)\) (\S)/s.exec(stat) ?? [];
    // Nobody reaps orphans here: the first process only waits for our end.
    return name === undefined || state === 'Z' ? [] : [name];
  });
}

/** Processes of a world beside its first one. */
async function pidsIn(root: string): Promise<readonly string[]> {
  const names = await readdir(`${root}/proc`);
  return names.filter((name) => /^\d+$/.test(name) && name !== '1');
}

async function lastLines(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'latin1').catch(() => '');
  return text
    .slice(-TAIL)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-TOLD_LINES);
}
