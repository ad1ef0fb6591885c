import { constants } from 'node:os';
import { Fault } from '../fault.ts';
import { leaveStdin, type Input } from './stdin.ts';

/** Signals that are passed on to the command instead of ending us: who sends one to `rulesguard run` means the command. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** Those a terminal sends to every process in front of it: the command has had them already. */
const FROM_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

const CANNOT_EXECUTE = 126;
const NOT_FOUND = 127;
const SIGNALLED = 128;

/**
 * Runs a command in our place: same terminal, environment and working directory, its output straight through. Signals
 * reach it, and we outlive them to look at the rules afterwards.
 *
 * @param words - the program and its arguments; no shell
 * @param input - what is known of its standard input
 * @returns its exit code as a shell tells it: 128 and the number of the signal that ended it, 126 and 127 when it could
 *   not be started
 */
export async function launch(words: readonly [string, ...string[]], { feed }: Input): Promise<number> {
  const { execa } = await import('execa');
  const [file, ...args] = words;
  let send: (signal: NodeJS.Signals) => void = () => undefined;
  const passOn = (signal: NodeJS.Signals): void => {
    if (!process.stdin.isTTY || !FROM_TERMINAL.has(signal)) send(signal);
  };
  // Before the command is there: a signal that came first would end us, and leave it alone.
  for (const signal of PASSED_ON) process.on(signal, passOn);
  try {
    const child = execa(file, args, {
      reject: false,
      buffer: false,
      stdout: 'inherit',
      stderr: 'inherit',
      cleanup: false,
      // How it takes a signal is its own affair.
      forceKillAfterDelay: false,
      stdin: feed === undefined ? 'inherit' : 'pipe',
    });
    send = (signal) => child.kill(signal);
    if (feed !== undefined && child.stdin !== null) {
      // A command need not read what it is given.
      child.stdin.on('error', () => undefined);
      feed(child.stdin);
    }
    const { exitCode, signal, code } = await child;
    if (exitCode !== undefined) return exitCode;
    if (signal !== undefined) return SIGNALLED + constants.signals[signal];
    return code === 'EACCES' ? CANNOT_EXECUTE : NOT_FOUND;
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn);
    if (feed !== undefined) leaveStdin();
  }
}

/** Refuses a command that is not there before anything is made ready for it. @throws Fault RG_USAGE */
export function notFound(program: string): Fault {
  return new Fault('RG_USAGE', 2, `there is no command ${program} to run`, {
    hint: program.includes(' ')
      ? `For a shell line: rulesguard run -- sh -c '${program}'`
      : 'See that it is spelled right and in PATH, or give its path.',
  });
}
