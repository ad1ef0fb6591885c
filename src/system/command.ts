import { Fault } from '../fault.ts';

/** What a finished command left. Text is latin1: one character for one byte. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface CommandOptions {
  /** Bytes for standard input, latin1. */
  readonly input?: string;
  /** Milliseconds after which it is killed; 30 s when not given. */
  readonly timeout?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** In a process group of its own, so that Ctrl-C on the terminal does not reach it. */
  readonly detached?: boolean;
}

const DEFAULT_TIMEOUT = 30_000;
/** Where distributions keep the tools; a hook's PATH may lack the sbin folders. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;
/** What every command of ours gets: the tools' messages are read, so they must be in one language. */
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
  const result = await execa(file, args, {
    encoding: 'latin1',
    env: { ...COMMAND_ENV, ...options.env },
    reject: false,
    stripFinalNewline: false,
    timeout,
    detached: options.detached ?? false,
    maxBuffer: Number.MAX_SAFE_INTEGER,
    ...(options.input === undefined
      ? { stdin: 'ignore' as const }
      : { input: Buffer.from(options.input, 'latin1') }),
  });
  if (result.timedOut) {
    throw new Fault(
      'RG_TIMEOUT',
      3,
      `${words.join(' ')} did not finish within ${String(timeout / 1000)} s and was stopped`,
      {
        hint: 'Nothing is known of its result. See what holds it up (ps, the xtables lock) and try again.',
      },
    );
  }
  if (result.exitCode === undefined) {
    if (result.code === 'ENOENT') {
      throw new Fault('RG_MISSING_TOOL', 3, `${file} is not installed`, {
        hint: `On Debian or Ubuntu: apt-get install ${packageOf(file)}`,
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

const packageOf = (file: string): string => {
  if (/tables/.test(file)) return 'iptables';
  if (/^(?:unshare|nsenter|flock)$/.test(file)) return 'util-linux';
  return file === 'ip' ? 'iproute2' : file;
};
