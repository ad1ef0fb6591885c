import { Fault } from '../../fault.ts';
import { runHere, run, type CommandResult, type Runner } from '../command/command.ts';

/** One of Docker's tables as `nft -f` takes it back; '' where there was none. */
export interface ListedTable {
  /** `ip docker-bridges` */
  readonly table: string;
  readonly text: string;
}

/**
 * Gives nft a transaction: it is made as a whole, or not at all. It is checked first, so that a text that nft does not take is refused
 * before the kernel sees it.
 *
 * @returns what was refused; undefined where it was made
 * @throws Fault RG_PRIVILEGE
 */
export async function writeTransaction(text: string): Promise<string | undefined> {
  const feed = (words: readonly [string, ...string[]]): Promise<CommandResult> =>
    run(words, { input: text, timeout: 120_000, whileWorking: true, detached: true });
  const checked = refusalIn(await feed(['nft', '-c', '-f', '-']));
  return checked ?? refusalIn(await feed(['nft', '-f', '-']));
}

/** The messages are those of nft 1.0.6 to 1.1.7, in LC_ALL=C. */
export function refusalIn({ stderr, exitCode }: CommandResult): string | undefined {
  if (exitCode === 0) return undefined;
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  if (/not permitted|must be root|ermission denied/.test(stderr))
    throw new Fault('RG_PRIVILEGE', 3, "Docker's tables may not be changed: this needs root", {
      details: lines.slice(0, 4),
      hint: 'Run it as root: sudo rulesguard …',
    });
  return lines.slice(0, 2).join(' ') || `status ${String(exitCode)}`;
}

/**
 * Tables as they are listed, with what was counted.
 *
 * @param names - `ip docker-bridges`
 * @param how - `-s` without what was counted
 * @throws Fault RG_COMMAND for what cannot be listed
 */
export async function listTables(
  names: readonly string[],
  runner: Runner = runHere,
  how: readonly '-s'[] = [],
): Promise<readonly ListedTable[]> {
  return Promise.all(
    names.map(async (table) => {
      const words = ['nft', ...how, 'list', 'table', ...table.split(' ')] as const;
      const { stdout, stderr, exitCode } = await runner([...words]);
      if (exitCode === 0) return { table, text: stdout };
      if (/No such file or directory/.test(stderr)) return { table, text: '' };
      throw new Fault('RG_COMMAND', 3, `${words.join(' ')} failed with status ${String(exitCode)}`, {
        details: stderr.split('\n').slice(0, 4),
      });
    }),
  );
}
