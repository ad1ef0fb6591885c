import type { EventProgram } from '../config/defaults.ts';
import { judgePath } from '../files/trusted-path.ts';
import { COMMAND_ENV } from '../command/command.ts';
import { startWithDescriptors } from '../command/descriptors.ts';
import type { WatchEvent } from '../../watch/event.ts';

/** At once, and that may wait: an event more is dropped. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 100;
/** Milliseconds. */
const PATIENCE = 10_000;
/** What a program said is read for so long after its end: what it leaves running may hold its standard error open for ever. */
const GRACE = 200;
const LONGEST_COMPLAINT = 400;
/** So many are remembered. */
const REMEMBERED = 8 * MOST_AT_ONCE;

/** Tells programs of events, beside whatever else happens. */
export interface EventPrograms {
  readonly tell: (event: WatchEvent) => void;
  /** Tells these from now on. Events that wait are still told to whom they were for. */
  readonly use: (programs: readonly EventProgram[]) => void;
  /** Whether a process is one of them, that runs or ran a moment ago: of what it did is told later. */
  readonly isOne: (pid: number) => boolean;
  /** Waits for those that run, and kills what still runs after `PATIENCE`; events that wait are dropped. */
  readonly stop: () => Promise<void>;
}

/**
 * Programs of the configuration that are told of events. Nothing waits for them: at most two run at once, each for as long as it may.
 *
 * @param onTrouble - a program could not be run, or failed: told once, until it has worked again
 */
export function eventPrograms(
  first: readonly EventProgram[],
  onTrouble: (says: string) => void,
): EventPrograms {
  let programs = first;
  const ending = new AbortController();
  const waiting: (() => Promise<void>)[] = [];
  const running = new Set<Promise<void>>();
  const troubled = new Set<EventProgram>();
  let isDropping = false;
  let started: readonly number[] = [];

  const next = (): void => {
    while (running.size < MOST_AT_ONCE) {
      const work = waiting.shift();
      if (work === undefined) return;
      const one = work().finally(() => {
        running.delete(one);
        next();
      });
      running.add(one);
    }
  };
  const tellOne = async (program: EventProgram, event: WatchEvent): Promise<void> => {
    const onStart = (pid: number): void => {
      started = [...started, pid].slice(-REMEMBERED);
    };
    const input = `${JSON.stringify(event)}\n`;
    const why = await runProgram(program, input, { ending: ending.signal, onStart }).catch(String);
    if (why === undefined) troubled.delete(program);
    else if (!troubled.has(program)) {
      troubled.add(program);
      onTrouble(`onEvent: ${program.program}: ${why}`);
    }
  };
  return {
    tell: (event) => {
      for (const program of programs) {
        if (program.kinds?.includes(event.kind) === false) continue;
        if (waiting.length >= MOST_WAITING) {
          if (!isDropping)
            onTrouble(`onEvent: ${String(MOST_WAITING)} events wait for programs: more are not told to them`);
          isDropping = true;
          continue;
        }
        isDropping = false;
        waiting.push(() => tellOne(program, event));
      }
      next();
    },
    use: (anew) => {
      programs = anew;
    },
    isOne: (pid) => started.includes(pid),
    stop: async () => {
      waiting.length = 0;
      const timer = setTimeout(() => {
        ending.abort();
      }, PATIENCE);
      await Promise.all(running);
      clearTimeout(timer);
    },
  };
}

/** @param ending - kills it. @param onStart - is told its process id. @returns why it failed; undefined where it did not */
async function runProgram(
  { program: path, arguments: args = [], seconds }: EventProgram,
  input: string,
  { ending, onStart }: { readonly ending: AbortSignal; readonly onStart: (pid: number) => void },
): Promise<string | undefined> {
  const { stats, weakness } = judgePath(path);
  if (weakness !== undefined)
    return `it is not run: ${weakness.path} ${weakness.why}; it and all above it must be root's, and nobody else may write there`;
  if (stats?.isFile() !== true) return 'there is no such program';
  const { execa } = await import('execa');
  const { child } = await startWithDescriptors(() =>
    execa(path, args, {
      env: { ...COMMAND_ENV, HOME: '/root' },
      // Nothing of ours: systemd's sockets and watchdog are no business of a program's.
      extendEnv: false,
      reject: false,
      buffer: false,
      // A group of its own, so that all it started is killed with it.
      detached: true,
      stdin: 'pipe',
      stdout: 'ignore',
      stderr: 'pipe',
    }),
  );
  if (child.pid !== undefined) onStart(child.pid);
  let complaint = '';
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(0, LONGEST_COMPLAINT);
  });
  // It need not read it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const limit = seconds === undefined ? PATIENCE : seconds * 1_000;
  const watched = { isLate: false };
  const kill = (): void => {
    watched.isLate = true;
    killGroup(child.pid);
    child.stderr.destroy();
  };
  const timers = [setTimeout(kill, limit)];
  child.once('exit', () => timers.push(setTimeout(() => child.stderr.destroy(), GRACE)));
  ending.addEventListener('abort', kill);
  const { exitCode, signal, shortMessage } = await child;
  ending.removeEventListener('abort', kill);
  timers.forEach(clearTimeout);
  if (watched.isLate) return `it took longer than ${String(limit / 1_000)} s, and was killed`;
  if (exitCode === 0) return undefined;
  const said = complaint.trim() === '' ? '' : `: ${complaint.trim()}`;
  if (exitCode !== undefined) return `exit ${String(exitCode)}${said}`;
  return signal === undefined ? (shortMessage ?? 'it could not be run') : `it was ended by ${signal}${said}`;
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
