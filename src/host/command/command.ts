import { Fault } from '../../fault.ts';
import { timeCommand } from './command-log.ts';
import { startWithDescriptors } from './descriptors.ts';
import { installHint } from './install-hint.ts';
import { watchWorking } from './working.ts';

/** The result of a finished command. Text is latin1: one character a byte. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs a program in a network namespace: this one, or a sandbox's. @param input - bytes for its standard input */
export type Runner = (words: readonly [string, ...string[]], input?: string) => Promise<CommandResult>;

export interface CommandOptions {
  /** Bytes for standard input, latin1. */
  readonly input?: string;
  /** Milliseconds after which it is killed; 30 s when not given. */
  readonly timeout?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** It may take longer than `timeout` while it works: the time then counts from when it last used the processor. */
  readonly whileWorking?: boolean;
  /** Bytes of its output above which it is stopped; no limit when not given. */
  readonly mostBytes?: number;
  /** In a process group of its own, so that Ctrl-C on the terminal does not reach it. */
  readonly detached?: boolean;
}

const DEFAULT_TIMEOUT = 30_000;
/** Where distributions keep the tools; a hook's PATH may lack the sbin folders. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;
/** The environment of every command: the tools' messages are parsed, so they must be in one language. */
export const COMMAND_ENV = { LC_ALL: 'C', PATH } as const;

/**
 * Runs one command: no shell, LC_ALL=C, a time limit, output taken as bytes. A non-zero exit is a result, not a fault.
 *
 * @param words - the program and its arguments
 * @throws Fault RG_MISSING_TOOL when there is no such program, RG_TIMEOUT after the time limit, RG_COMMAND when it was
 *   killed by a signal
 */
export async function run(
  words: readonly [string, ...string[]],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { execa } = await import('execa');
  const [file, ...args] = words;
  const timeout = options.timeout ?? DEFAULT_TIMEOUT;
  const ended = timeCommand(words);
  const { child } = await startWithDescriptors(() =>
    execa(file, args, {
      encoding: 'latin1',
      env: { ...COMMAND_ENV, ...options.env },
      reject: false,
      stripFinalNewline: false,
      ...(options.whileWorking === true ? {} : { timeout }),
      detached: options.detached ?? false,
      maxBuffer: options.mostBytes ?? Number.MAX_SAFE_INTEGER,
      ...(options.input === undefined
        ? { stdin: 'ignore' as const }
        : { input: Buffer.from(options.input, 'latin1') }),
    }),
  );
  const watched = { stopped: false };
  if (options.mostBytes !== undefined) stopFlood(child, options.mostBytes);
  const unwatch =
    options.whileWorking === true
      ? watchWorking(child.pid, timeout, () => {
          watched.stopped = true;
          child.kill('SIGKILL');
        })
      : undefined;
  const result = await child.finally(unwatch);
  ended(result);
  if (result.timedOut || watched.stopped) {
    throw new Fault(
      'RG_TIMEOUT',
      3,
      `${words.join(' ')} ${watched.stopped ? 'did nothing for' : 'did not finish within'} ${String(timeout / 1000)} s and was stopped`,
      {
        hint: 'Nothing is known of its result. See what holds it up (ps, the xtables lock) and try again.',
      },
    );
  }
  if (result.isMaxBuffer)
    throw new Fault(
      'RG_COMMAND',
      3,
      `${words.join(' ')} printed more than ${String(options.mostBytes)} bytes and was stopped`,
    );
  if (result.exitCode === undefined) {
    if (result.code === 'ENOENT') {
      throw new Fault('RG_MISSING_TOOL', 3, `${file} is not installed`, {
        hint: installHint(file),
      });
    }
    if (result.code === 'EACCES') {
      throw new Fault('RG_MISSING_TOOL', 3, `${file} is there and may not be executed`, {
        hint: `See who may run it: ls -l "$(command -v ${file})"`,
      });
    }
    throw new Fault(
      'RG_COMMAND',
      3,
      `${words.join(' ')} could not be run: ${result.shortMessage ?? 'no reason given'}`,
      {
        cause: result.cause,
      },
    );
  }
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
}

/** Execa stops reading at its limit and leaves the program running: ssh would stay until its time is up. */
function stopFlood(
  child: {
    readonly stdout: NodeJS.ReadableStream;
    readonly stderr: NodeJS.ReadableStream;
    kill(signal: 'SIGKILL'): unknown;
  },
  mostBytes: number,
): void {
  for (const stream of [child.stdout, child.stderr]) {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) child.kill('SIGKILL');
    });
  }
}

/** Runs programs in the network namespace this process is in. */
export const runHere: Runner = (words, input) => run(words, input === undefined ? {} : { input });
