import { execa } from 'execa';
import { COMMAND_ENV } from './command.ts';

/** A child that holds something (a lock, a namespace) for as long as it lives. */
export interface Holder {
  readonly pid: number;
  /** Ends the child, and with it what it holds. */
  readonly release: () => Promise<void>;
}

/** Why there is no holder: how the program ended before it held anything. */
export interface NotHeld {
  readonly exitCode: number | undefined;
  readonly message: string;
}

/**
 * Starts `words cat`: a program that takes something and then runs `cat`, fed by a pipe from us. It is held once cat
 * answers. Whatever ends this process, SIGKILL included, closes the pipe, cat ends, and the kernel lets go: nothing is
 * left to clean up.
 *
 * @param words - a program that runs the command at its end, e.g. `unshare --net`
 */
export async function hold(words: readonly [string, ...string[]]): Promise<Holder | NotHeld> {
  const [file, ...args] = words;
  const child = execa(file, [...args, 'cat'], {
    env: COMMAND_ENV,
    reject: false,
    stdin: 'pipe',
    stdout: 'pipe',
    buffer: { stdout: false },
  });
  const { pid, stdin, stdout } = child;
  const ended = child.then(({ exitCode, stderr, shortMessage }): NotHeld => ({
    exitCode,
    message: stderr === '' ? (shortMessage ?? '') : stderr,
  }));
  // A program that ends at once breaks the pipe under our first byte; how it ended says more than EPIPE.
  stdin.on('error', () => undefined);
  stdin.write('\n');
  const answered = new Promise<'held'>((resolve) =>
    stdout.once('data', () => {
      resolve('held');
    }),
  );
  const first = await Promise.race([answered, ended]);
  if (first !== 'held' || pid === undefined) return first === 'held' ? ended : first;
  return {
    pid,
    release: async () => {
      stdin.end();
      await ended;
    },
  };
}
