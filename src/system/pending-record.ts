import { Fault } from '../fault.ts';
import { BACKENDS, FAMILIES, type Backend } from '../iptables/model.ts';
import { parseSave } from '../iptables/parse.ts';
import { run } from './command.ts';
import { hasLegacyTables, saveText, type Live } from './kernel.ts';
import { which } from './which.ts';
import { COMMAND_ENV } from './command.ts';

/** One of nftables' own tables. */
export interface NativeTable {
  /** `FAMILY NAME`, as `nft list table` takes it. */
  readonly table: string;
  /** Without counters, as `nft -f` takes it. */
  readonly text: string;
}

/** All that is in force, as the tools print it: latin1, one character a byte. */
export interface Record {
  readonly backends: readonly { readonly backend: Backend; readonly ipv4: string; readonly ipv6: string }[];
  /** `ipset save`; null where ipset is not installed. */
  readonly sets: string | null;
  /** nftables' own tables; null where nft is not installed. */
  readonly native: readonly NativeTable[] | null;
}

/** Tables of these families and names are iptables-nft's. */
const XTABLES = /^ip6? (?:raw|mangle|nat|filter|security)$/;
/** A table that only the process that made it can change (firewalld 2): nobody's change touches it, nor can we. */
const OWNED = /^\tflags [^\n]*\bowner\b/m;

/**
 * Reads all that is in force: both families, each backend that holds anything, ipsets, nftables' own tables. Loads no
 * module of the legacy backend.
 *
 * @throws Fault when any of it cannot be read, or could not be put back as it is
 */
export async function takeRecord(): Promise<Record> {
  const backends = BACKENDS.filter((backend) => backend === 'nft');
  const held = (await hasLegacyTables()) ? BACKENDS : backends;
  const [rules, sets, native] = await Promise.all([
    Promise.all(held.map(saveBoth)),
    readSets(),
    readNative(),
  ]);
  for (const saved of rules) liveOf(saved);
  if (native !== null && native.length > 0) await proveLoadable(native);
  return { backends: rules, sets, native };
}

async function saveBoth(backend: Backend): Promise<Record['backends'][number]> {
  const [ipv4, ipv6] = await Promise.all([saveText('ipv4', backend), saveText('ipv6', backend)]);
  return { backend, ipv4, ipv6 };
}

/** Recorded rules as if they were live. @throws Fault RG_PARSE or RG_INCOMPATIBLE */
export function liveOf(saved: Record['backends'][number]): Live {
  const [ipv4, ipv6] = FAMILIES.map((family) => parseSave(saved[family], `the ${family} save`).ruleset);
  if (ipv4 === undefined || ipv6 === undefined) throw new Error('two families');
  return { backend: saved.backend, version: undefined, rules: { ipv4, ipv6 } };
}

/** All sets with their members; null where there is no ipset. */
export async function readSets(): Promise<string | null> {
  return (await which('ipset', COMMAND_ENV.PATH)) === undefined ? null : output(['ipset', 'save']);
}

/** nftables' own tables; null where there is no nft. */
export async function readNative(): Promise<readonly NativeTable[] | null> {
  if ((await which('nft', COMMAND_ENV.PATH)) === undefined) return null;
  const names = (await output(['nft', 'list', 'tables']))
    .split('\n')
    .flatMap((line) => /^table (\S+ \S+)/.exec(line)?.[1] ?? [])
    .filter((name) => !XTABLES.test(name));
  const tables = await Promise.all(
    names.map(async (table) => ({
      table,
      text: await output(['nft', '-s', 'list', 'table', ...table.split(' ')]),
    })),
  );
  return tables.filter(({ text }) => !OWNED.test(text));
}

/** The text that puts tables in the place of those of the same name, all at once. */
export function replacing(tables: readonly NativeTable[]): string {
  return tables.map(({ table, text }) => `add table ${table}\ndelete table ${table}\n${text}`).join('');
}

async function proveLoadable(tables: readonly NativeTable[]): Promise<void> {
  const { exitCode, stderr } = await run(['nft', '-c', '-f', '-'], { input: replacing(tables) });
  if (exitCode === 0) return;
  throw new Fault('RG_PENDING', 1, "a table of nftables' own could not be put back as it is", {
    details: stderr.split('\n').slice(0, 4),
    hint: 'Nothing was changed. Run it without --confirm.',
  });
}

/** What a program prints. @throws Fault RG_COMMAND unless it exits 0: never "nothing" for "could not look" */
async function output(words: readonly [string, ...string[]]): Promise<string> {
  const { stdout, stderr, exitCode } = await run(words);
  if (exitCode === 0) return stdout;
  throw new Fault('RG_COMMAND', 3, `${words.join(' ')} failed with status ${String(exitCode)}`, {
    details: stderr.split('\n').slice(0, 4),
  });
}
