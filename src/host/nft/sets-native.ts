import { Fault } from '../../fault.ts';
import { XTABLES } from '../../firewall/nftables/tables/names.ts';
import { COMMAND_ENV, runHere, type Runner } from '../command/command.ts';
import { which } from '../command/which.ts';

/** One of nftables' own tables. */
export interface NativeTableText {
  /** `FAMILY NAME`, as `nft list table` takes it. */
  readonly table: string;
  /** Without counters, as `nft -f` takes it; with the handles of rules, as comments, where all tables are read. */
  readonly text: string;
}

/** A table that only the process that made it can change (firewalld 2): no other change touches it, nor can we. */
const OWNED = /^\tflags [^\n]*\bowner\b/m;

/** Whether the program is installed that says what iptables' tables hold; where Docker writes with nftables nobody needs it. */
export const hasIptables = async (): Promise<boolean> =>
  (await which('iptables-nft-save', COMMAND_ENV.PATH)) !== undefined;

/** Tells tables that are for nft alone to read: where iptables is not installed its tables too, for nothing else can say what they hold. */
export async function isNftsOwn(): Promise<(table: string) => boolean> {
  const isInstalled = await hasIptables();
  return (table) => !isInstalled || !XTABLES.test(table);
}

/** All sets with their members; null where there is no ipset. */
export async function readSets(runner: Runner = runHere): Promise<string | null> {
  return (await which('ipset', COMMAND_ENV.PATH)) === undefined
    ? null
    : output(['ipset', 'save'], undefined, runner);
}

/** The names of all tables of nftables: `inet close`. @throws Fault of what could not be listed */
export const listTableNames = async (): Promise<readonly string[]> =>
  (await output(['nft', 'list', 'tables']))
    .split('\n')
    .flatMap((line) => /^table (\S+ \S+)/.exec(line)?.[1] ?? []);

/** nftables' own tables, as a text to load, without those that only their maker can change; null where there is no nft. */
export async function readNative(): Promise<readonly NativeTableText[] | null> {
  if ((await which('nft', COMMAND_ENV.PATH)) === undefined) return null;
  const names = (await listTableNames()).filter(await isNftsOwn());
  const tables = await Promise.all(
    names.map(async (table) => ({
      table,
      text: await output(['nft', '-s', 'list', 'table', ...table.split(' ')]),
    })),
  );
  return tables.filter(({ text }) => !OWNED.test(text));
}

/**
 * What a program prints.
 *
 * @param input - bytes for its standard input
 * @throws Fault RG_COMMAND unless it exits 0: never "nothing" for "could not look"
 */
export async function output(
  words: readonly [string, ...string[]],
  input?: string,
  runner: Runner = runHere,
): Promise<string> {
  const { stdout, stderr, exitCode } = await runner(words, input);
  if (exitCode === 0) return stdout;
  throw new Fault('RG_COMMAND', 3, `${words.join(' ')} failed with status ${String(exitCode)}`, {
    details: stderr.split('\n').slice(0, 4),
  });
}
