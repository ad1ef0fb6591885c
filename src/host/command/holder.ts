import { execa } from 'execa';
import { timeCommand } from './command-log.ts';
import { COMMAND_ENV } from './command.ts';
import { startWithDescriptors } from './descriptors.ts';

/** A child that holds something (a lock, a namespace) for as long as it lives. */
export interface Holder {
  readonly pid: number;
  /** Ends the child, which releases what it holds. */
  readonly release: () => Promise<void>;
}

/** Why there is no holder: how the program ended before it held anything. */
export interface NotHeld {
  readonly exitCode: number | undefined;
  readonly message: string;
}

/**
 * Starts `words cat`: a program that takes a lock or namespace and then runs `cat`, fed by a pipe from us. It is held once
 * cat answers. Whatever ends this process, SIGKILL included, closes the pipe; then cat ends and the kernel releases it:
 * nothing is left to clean up.
 *
 * @param words - a program that runs the command at its end, e.g. `unshare --net`
 */
export async function hold(words: readonly [string, ...string[]]): Promise<Holder | NotHeld> {
  const [file, ...args] = words;
  const logged = timeCommand([...words, 'cat']);
  const { child } = await startWithDescriptors(() =>
    execa(file, [...args, 'cat'], {
      env: COMMAND_ENV,
      reject: false,
      stdin: 'pipe',
      stdout: 'pipe',
      buffer: { stdout: false },
    }),
  );
  const { pid, stdin, stdout, stderr } = child;
  const ended = child.then((result): NotHeld => {
    logged(result);
    const { exitCode, stderr, shortMessage } = result;
    return { exitCode, message: stderr === '' ? (shortMessage ?? '') : stderr };
  });
  // If the program ends at once our first byte fails with EPIPE; how it ended is the better message.
  stdin.on('error', () => undefined);
  stdin.write('\n');
  const answered = new Promise<'held'>((resolve) =>
    stdout.once('data', () => {
      resolve('held');
    }),
  );
  const first = await Promise.race([answered, ended]);
  if (first !== 'held' || pid === undefined) return first === 'held' ? ended : first;
  // Closed because descriptors may be scarce, and nothing more comes on it.
  stdout.destroy();
  stderr.destroy();
  return {
    pid,
    release: async () => {
      stdin.end();
      await ended;
    },
  };
}
