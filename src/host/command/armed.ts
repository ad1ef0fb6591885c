import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Fault } from '../../fault.ts';
import { timeCommand } from './command-log.ts';
import { COMMAND_ENV, run, type CommandResult } from './command.ts';
import type { Holder, NotHeld } from './holder.ts';
import { PERL_ENV } from '../events/perl.ts';
import { putAhead } from './priority.ts';
import { watchWorking } from './working.ts';

/** A program and its arguments. */
export type WaitingCommand = readonly [string, ...string[]];
type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Milliseconds without using the processor after which a command is killed, as for any other. */
const TIMEOUT = 30_000;

/** A line of input starts the program; what follows is its own. The end of input, also by the end of this process, ends it. */
const WAITING = 'IFS= read -r go && exec "$@"';

/** A command that was started, and what starts its work. */
interface Waiting {
  readonly child: Child;
  readonly go: '' | '\n';
}

/**
 * Commands that were started beforehand: to start one, a Node of 100 MB takes longer than most of them take to end. Each waits in a shell for a
 * word, or, where it does nothing before it has read its input, by itself: then nothing is left to be loaded either. Whatever is not at hand is
 * started as usual.
 */
export class ArmedCommands {
  private readonly waiting = new Map<string, Waiting>();

  /**
   * Starts those that are not at hand; returns at once. One that cannot be started now is not at hand.
   *
   * @param inShells - wait in a shell
   * @param byThemselves - change and read nothing of the host until they have read a line of input
   */
  arm(inShells: readonly WaitingCommand[], byThemselves: readonly WaitingCommand[] = []): void {
    for (const words of [...inShells, ...byThemselves])
      try {
        this.start(words, byThemselves.includes(words));
      } catch {
        // Too many files are open, or there is no memory: whoever needs it starts it as usual, and says so then.
      }
  }

  private start(words: WaitingCommand, byItself: boolean): void {
    const key = keyOf(words);
    if (this.waiting.has(key)) return;
    const [file, ...args] = byItself ? words : (['/bin/sh', '-c', WAITING, 'sh', ...words] as const);
    const child: Child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...COMMAND_ENV, ...PERL_ENV },
      // Ctrl-C on the terminal does not reach it.
      detached: true,
    });
    const forget = (): void => {
      if (this.waiting.get(key)?.child === child) this.waiting.delete(key);
    };
    child.once('error', forget);
    child.once('exit', forget);
    // Whoever uses it sees how it ended.
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdin, child.stdout, child.stderr]) unref(stream);
    child.unref();
    this.waiting.set(key, { child, go: byItself ? '' : '\n' });
  }

  /** Ends those that still wait. */
  disarm(): void {
    for (const { child } of this.waiting.values()) child.stdin.end();
    this.waiting.clear();
  }

  /** As `run` of command.ts, while it works. @throws Fault as that */
  async run(words: WaitingCommand, input?: string): Promise<CommandResult> {
    const taken = this.take(words);
    if (taken === undefined)
      return run(words, { whileWorking: true, ...(input === undefined ? {} : { input, detached: true }) });
    const { child, go } = taken;
    const ended = timeCommand(words);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('latin1').on('data', (text: string) => {
        said[name] += text;
      });
    const watched = { isStopped: false };
    const unwatch = watchWorking(child.pid, TIMEOUT, () => {
      watched.isStopped = true;
      child.kill('SIGKILL');
    });
    const closed = new Promise<readonly [number | null, string | null]>((resolve) =>
      child.once('close', (...how) => {
        resolve(how);
      }),
    );
    child.stdin.end(Buffer.from(`${go}${input ?? ''}`, 'latin1'));
    const [exitCode, signal] = await closed.finally(unwatch);
    ended({ exitCode, signal });
    const { isStopped } = watched;
    if (isStopped || exitCode === null)
      throw new Fault(
        isStopped ? 'RG_TIMEOUT' : 'RG_COMMAND',
        3,
        `${words.join(' ')} ${isStopped ? 'did nothing for 30 s and was stopped' : `was ended by ${signal ?? 'a signal'}`}`,
      );
    return { ...said, exitCode };
  }

  /** As `hold` of holder.ts, of a command line that answers a line of input once it holds; undefined where that is not at hand. */
  async hold(words: WaitingCommand): Promise<Holder | NotHeld | undefined> {
    const taken = this.take(words);
    if (taken?.child.pid === undefined) return undefined;
    const { child, go } = taken;
    const { pid } = taken.child;
    const logged = timeCommand(words);
    let message = '';
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      message += text;
    });
    const ended = new Promise<NotHeld>((resolve) =>
      child.once('close', (exitCode, signal) => {
        logged({ exitCode, signal });
        resolve({ exitCode: exitCode ?? undefined, message });
      }),
    );
    child.stdin.write(`${go}\n`);
    const answered = new Promise<'held'>((resolve) =>
      child.stdout.once('data', () => {
        resolve('held');
      }),
    );
    const first = await Promise.race([answered, ended]);
    if (first !== 'held') return first;
    return {
      pid,
      release: async () => {
        child.stdin.end();
        await ended;
      },
    };
  }

  private take(words: WaitingCommand): Waiting | undefined {
    const key = keyOf(words);
    const taken = this.waiting.get(key);
    this.waiting.delete(key);
    const { child } = taken ?? {};
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return undefined;
    // Only now: those that are started to wait would take the processor from whoever serves, who has just been cut off.
    putAhead(child.pid);
    child.ref();
    return taken;
  }
}

const keyOf = (words: WaitingCommand): string => words.join('\0');

/** A waiting command keeps nobody from ending. */
function unref(stream: Readable | Writable): void {
  (stream as { readonly unref?: () => void }).unref?.();
}
