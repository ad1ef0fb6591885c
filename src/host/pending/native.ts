import { replacingTable } from '../../firewall/nftables/text/replacing.ts';
import { readNative, readSets, type NativeTableText } from '../nft/sets-native.ts';
import { isDockersTable } from '../../firewall/nftables/ownership/ownership.ts';
import { run } from '../command/command.ts';

/**
 * Gives each recorded set its members back. Sets made since stay: rules that others loaded may name them.
 *
 * @param recorded - `ipset save`; null where there was no ipset
 * @throws Error when ipset refuses
 */
export async function rollBackSets(recorded: string | null): Promise<void> {
  if (recorded === null || recorded === '') return;
  const now = bySet((await readSets()) ?? '');
  const input = [...bySet(recorded)]
    .filter(([name, lines]) => now.get(name)?.toSorted().join('\n') !== lines.toSorted().join('\n'))
    .flatMap(([name, [create = '', ...adds]]) => [create, `flush ${name}`, ...adds])
    .join('\n');
  if (input !== '') await load(['ipset', 'restore', '-exist'], `${input}\n`);
}

/** The lines of each set, `create` first. A set of sets comes after its members, as ipset saves them. */
function bySet(saved: string): ReadonlyMap<string, readonly string[]> {
  const sets = new Map<string, string[]>();
  for (const line of saved.split('\n')) {
    const name = /^(?:create|add) (\S+)/.exec(line)?.[1];
    if (name === undefined) continue;
    const lines = sets.get(name);
    if (lines === undefined) sets.set(name, [line]);
    else lines.push(line);
  }
  return sets;
}

/**
 * Rolls nftables' own tables back, in one transaction: those that differ are replaced, those made since are deleted. Then they are read again.
 *
 * @param recorded - null where there was no nft
 * @throws Error when nft refuses, and nothing has been changed then; or when a table is not there afterwards, or one of Docker's is not as wanted
 */
export async function rollBackNative(recorded: readonly NativeTableText[] | null): Promise<void> {
  if (recorded === null) return;
  const now = new Map(((await readNative()) ?? []).map(({ table, text }) => [table, text]));
  const wanted = new Set(recorded.map(({ table }) => table));
  const input =
    [...now.keys()]
      .filter((table) => !wanted.has(table))
      .map((table) => `delete table ${table}\n`)
      .join('') +
    recorded
      .filter(({ table, text }) => now.get(table) !== text)
      .map(replacingTable)
      .join('');
  if (input === '') return;
  await load(['nft', '-f', '-'], input);
  const difference = differenceIn(recorded, (await readNative()) ?? []);
  if (difference !== undefined) throw new Error(`read back, it differs: nftables' table ${difference}`);
}

/** A transaction is made as a whole, and nft may list what others wrote otherwise than they wrote it: of theirs only the names count. */
function differenceIn(
  wanted: readonly NativeTableText[],
  is: readonly NativeTableText[],
): string | undefined {
  const texts = new Map(is.map(({ table, text }) => [table, text]));
  const lacking = wanted.find(
    ({ table, text }) => !texts.has(table) || (isDockersTable(table) && texts.get(table) !== text),
  );
  const known = new Set(wanted.map(({ table }) => table));
  return lacking?.table ?? is.find(({ table }) => !known.has(table))?.table;
}

async function load(words: readonly [string, ...string[]], input: string): Promise<void> {
  const { exitCode, stderr } = await run(words, { input, detached: true });
  if (exitCode !== 0) throw new Error(`${words[0]}: ${stderr.split('\n')[0] ?? ''}`);
}
