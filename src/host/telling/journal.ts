import { existsSync, fstatSync } from 'node:fs';
import { run } from '../command/command.ts';
import { STDERR } from '../log/output.ts';

const SOCKET = '/run/systemd/journal/socket';
const PATIENCE = 5_000;

/** The journal of this host. */
export interface SystemdJournal {
  /** Whether standard error is read by it too: what it was given with fields is then not printed as well. */
  readonly readsStderr: boolean;
  /** Hands it an entry, one after the other, as `journalFields` writes them. @returns whether it took it */
  readonly send: (fields: string) => Promise<boolean>;
}

/**
 * The journal, where there is one: entries with fields go through `logger --journald`, as Node has no datagram sockets.
 *
 * @param env - of this process: systemd says in JOURNAL_STREAM which stream the journal reads
 */
export function systemdJournal(
  env: Readonly<Record<string, string | undefined>>,
): SystemdJournal | undefined {
  if (!existsSync(SOCKET)) return undefined;
  let last = Promise.resolve(true);
  return {
    readsStderr: env['JOURNAL_STREAM'] !== undefined && env['JOURNAL_STREAM'] === streamOf(STDERR),
    send: (fields) => {
      last = last.then(async () => {
        try {
          const words = ['logger', '--journald'] as const;
          const { exitCode } = await run(words, {
            input: Buffer.from(fields).toString('latin1'),
            timeout: PATIENCE,
          });
          return exitCode === 0;
        } catch {
          return false;
        }
      });
      return last;
    },
  };
}

/** As JOURNAL_STREAM has it, see systemd.exec(5). */
function streamOf(descriptor: number): string | undefined {
  try {
    const { dev, ino } = fstatSync(descriptor);
    return `${String(dev)}:${String(ino)}`;
  } catch {
    return undefined;
  }
}
