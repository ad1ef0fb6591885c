import type { ExecOptions, Outcome } from '../program.ts';
import { runProgram } from '../program.ts';

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
  return (file, args = [], options = {}) => {
    const [program = file, ...rest] = [...prefix, file, ...args];
    return runProgram([program, ...rest], { ...LAB_ENV, ...baseEnv }, options);
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
