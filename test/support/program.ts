import { constants } from 'node:os';
import { execa } from 'execa';

/** How a command ended. Text is bytes: one char is one byte (latin1). */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command may be given besides its arguments. `input` is latin1 text for its standard input. */
export interface ExecOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until the command is killed; 60,000 when absent. */
  readonly timeout?: number;
}

/**
 * Runs a command line with nothing of the caller's environment.
 * @throws Error when it cannot be started or hangs; whatever it exits with, also by a signal, is its answer
 */
export async function runProgram(
  words: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  options: ExecOptions,
): Promise<Outcome> {
  const [program, ...args] = words;
  const result = await execa(program, args, {
    env: { ...env, ...options.env },
    extendEnv: false,
    reject: false,
    encoding: 'latin1',
    stripFinalNewline: false,
    timeout: options.timeout ?? 60_000,
    maxBuffer: 256 * 1024 * 1024,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: Buffer.from(options.input, 'latin1') }),
  });
  // A tool that a signal killed gave an answer; one that never started, or hung, gave none.
  const code = result.signal === undefined ? result.exitCode : 128 + constants.signals[result.signal];
  if (code === undefined || result.timedOut || result.isMaxBuffer || result.stderr.startsWith('nsenter: '))
    throw new Error(result.stderr.trim() || `${program}: ${result.shortMessage ?? 'no exit code'}`);
  return { code, stdout: result.stdout, stderr: result.stderr };
}
