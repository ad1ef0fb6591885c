import { constants } from 'node:os';
import { execa } from 'execa';
import type { ExecOptions, Outcome } from '../netns.ts';

/** Runs a program somewhere. Never throws for an exit code; throws when it cannot be started or hangs. */
export type Exec = (file: string, args?: readonly string[], options?: ExecOptions) => Promise<Outcome>;

/** The environment of everything the lab starts: nothing of the caller's own leaks in. */
export const LAB_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/**
 * An `Exec` that puts `prefix` before every command, `nsenter` with its options for example.
 * @param prefix program and arguments; what it does must end in running the rest of its command line
 * @param baseEnv added to the lab's environment
 */
export function execThrough(prefix: readonly string[], baseEnv: Readonly<Record<string, string>> = {}): Exec {
  return async (file, args = [], options = {}) => {
    const [program = file, ...rest] = [...prefix, file, ...args];
    const result = await execa(program, rest, {
      env: { ...LAB_ENV, ...baseEnv, ...options.env },
      extendEnv: false,
      reject: false,
      encoding: 'latin1',
      stripFinalNewline: false,
      timeout: options.timeout ?? 60_000,
      maxBuffer: 256 * 1024 * 1024,
      ...(options.input === undefined
        ? { stdin: 'ignore' }
        : { input: Buffer.from(options.input, 'latin1') }),
    });
    const code = result.signal === undefined ? result.exitCode : 128 + constants.signals[result.signal];
    if (code === undefined || result.timedOut || result.stderr.startsWith('nsenter: '))
      throw new Error(result.stderr.trim() || `${file}: ${result.shortMessage ?? 'no exit code'}`);
    return { code, stdout: result.stdout, stderr: result.stderr };
  };
}

/**
 * Runs a command that has to succeed.
 * @returns its standard output without the final newline
 * @throws Error with what the command said when it exits with anything but 0
 */
export async function must(exec: Exec, file: string, args: readonly string[] = [], options?: ExecOptions) {
  const { code, stdout, stderr } = await exec(file, args, options);
  if (code !== 0) throw new Error(`${[file, ...args].join(' ')}: exit ${String(code)}: ${stderr.trim()}`);
  return stdout.trimEnd();
}
