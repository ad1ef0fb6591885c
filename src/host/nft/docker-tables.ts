import { Fault } from '../../fault.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { BRIDGES_TABLE, OVERLAY_TABLE } from '../../firewall/nftables/tables/names.ts';
import { parseNftTables } from '../../firewall/nftables/tables/parse.ts';
import { runHere, type CommandResult, type Runner } from '../command/command.ts';

/** As `nft list tables` names them, and as `nft list table` takes them. */
const DOCKERS: readonly string[] = ['ip', 'ip6'].flatMap((family) =>
  [BRIDGES_TABLE, OVERLAY_TABLE].map((name) => `${family} ${name}`),
);

/** How often tables are listed again that went between the names and the listing. */
const TRIES = 3;

/**
 * Docker's own tables of nftables, as they are now. A table that is not there is absent from the result.
 *
 * @param runner - where nft is run: this network namespace, or another one
 * @throws Fault RG_MISSING_TOOL where nft is not installed, RG_PRIVILEGE where it may not be asked, RG_MODULES where this kernel has no
 *   nf_tables, RG_COMMAND where nft fails otherwise, RG_PARSE for a listing that is not understood: never "no tables" for "could not look"
 */
export async function readDockerTables(runner: Runner = runHere): Promise<readonly NftTable[]> {
  for (let tries = 1; ; tries++) {
    const names = await listed(runner);
    const listings = await Promise.all(names.map((name) => listing(name, runner)));
    const tables = listings.flatMap((text, at) =>
      text === undefined ? [] : parseNftTables(text, `nft -j list table ${names[at] ?? ''}`),
    );
    if (!listings.includes(undefined) || tries >= TRIES) return tables;
  }
}

async function listed(runner: Runner): Promise<readonly string[]> {
  const words = ['nft', 'list', 'tables'] as const;
  const { stdout } = succeeded(words, await runner(words));
  const present = new Set(stdout.split('\n').flatMap((line) => /^table (\S+ \S+)$/.exec(line)?.[1] ?? []));
  return DOCKERS.filter((name) => present.has(name));
}

/** Undefined for a table that has gone meanwhile. */
async function listing(name: string, runner: Runner): Promise<string | undefined> {
  const words = ['nft', '-j', 'list', 'table', ...name.split(' ')] as const;
  const result = await runner([...words]);
  if (result.exitCode !== 0 && /No such file or directory/.test(result.stderr)) return undefined;
  return succeeded(words, result).stdout;
}

/** The messages are those of nft 1.0.6 to 1.1.7, in LC_ALL=C. */
function succeeded(words: readonly string[], result: CommandResult): CommandResult {
  const { stderr, exitCode } = result;
  if (exitCode === 0) return result;
  const details = stderr.split('\n').slice(0, 4);
  if (/not permitted|must be root|ermission denied/.test(stderr))
    throw new Fault('RG_PRIVILEGE', 3, "Docker's tables of nftables may not be read: this needs root", {
      details,
      hint: 'Run it as root: sudo rulesguard …',
    });
  if (/Protocol not supported|Unable to initialize Netlink socket/.test(stderr))
    throw new Fault('RG_MODULES', 3, 'this kernel has no nf_tables: nft cannot say what its tables hold', {
      details,
      hint: 'modprobe nf_tables; where that fails, the kernel was built without it',
    });
  throw new Fault('RG_COMMAND', 3, `${words.join(' ')} failed with status ${String(exitCode)}`, { details });
}
