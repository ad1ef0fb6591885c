import { constants } from 'node:os';
import { Fault } from '../../fault.ts';
import { timeCommand } from './command-log.ts';
import { startWithDescriptors } from './descriptors.ts';
import { leaveStdin, type Input } from './stdin.ts';

/** Signals that are passed on to the command instead of ending us: whoever signals `rulesguard run` means the command. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** Signals that a terminal sends to the whole foreground process group: the command has received them already. */
const FROM_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

const CANNOT_EXECUTE = 126;
const NOT_FOUND = 127;
const SIGNALLED = 128;

/**
 * Runs a command with our terminal, environment and working directory, its output passed through. Signals reach it and do not
 * end us, so that the rules can be read afterwards.
 *
 * @param words - the program and its arguments; no shell
 * @param input - what is known of its standard input
 * @returns its exit code as a shell has it: 128 and the number of the signal that ended it, 126 and 127 when it could
 *   not be started
 */
export async function launch(words: readonly [string, ...string[]], { feed }: Input): Promise<number> {
  const { execa } = await import('execa');
  const [file, ...args] = words;
  let send: (signal: NodeJS.Signals) => void = () => undefined;
  const passOn = (signal: NodeJS.Signals): void => {
    if (!process.stdin.isTTY || !FROM_TERMINAL.has(signal)) send(signal);
  };
  // Before the command is started: otherwise a signal in between would end us and leave the command running.
  for (const signal of PASSED_ON) process.on(signal, passOn);
  const logged = timeCommand(words);
  try {
    const { child } = await startWithDescriptors(() =>
      execa(file, args, {
        reject: false,
        buffer: false,
        stdout: 'inherit',
        stderr: 'inherit',
        cleanup: false,
        // The command decides how to handle a signal.
        forceKillAfterDelay: false,
        stdin: feed === undefined ? 'inherit' : 'pipe',
      }),
    );
    send = (signal) => child.kill(signal);
    if (feed !== undefined && child.stdin !== null) {
      // A command need not read what it is given.
      child.stdin.on('error', () => undefined);
      feed(child.stdin);
    }
    const result = await child;
    logged(result);
    const { exitCode, signal, code } = result;
    if (exitCode !== undefined) return exitCode;
    if (signal !== undefined) return SIGNALLED + constants.signals[signal];
    return code === 'EACCES' ? CANNOT_EXECUTE : NOT_FOUND;
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn);
    if (feed !== undefined) leaveStdin();
  }
}

/** Refuses a command that does not exist before anything is prepared for it. @throws Fault RG_USAGE */
export function notFound(program: string): Fault {
  return new Fault('RG_USAGE', 2, `there is no command ${program} to run`, {
    hint: program.includes(' ')
      ? `For a shell line: rulesguard run -- sh -c '${program}'`
      : 'See that it is spelled right and in PATH, or give its path.',
  });
}
