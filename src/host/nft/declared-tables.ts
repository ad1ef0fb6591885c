import { Fault } from '../../fault.ts';
import {
  meantLines,
  withoutPassing,
  type DeclaredTable,
} from '../../firewall/nftables/text/declared-table.ts';
import type { HeldTable } from '../../reconcile/declared-tables.ts';
import { runHere, type Runner } from '../command/command.ts';
import { listInScratch } from './list-in-scratch.ts';
import { output } from './sets-native.ts';

/** The names of all tables of nftables here: `inet close`. @throws Fault of what could not be listed */
export const listTableNames = async (runner: Runner = runHere): Promise<readonly string[]> =>
  (await output(['nft', 'list', 'tables'], undefined, runner))
    .split('\n')
    .flatMap((line) => /^table (\S+ \S+)/.exec(line)?.[1] ?? []);

/** One table as it is declared: without counters, without elements that come and go. @throws Fault of what could not be listed */
export const listDeclarable = async (table: string, runner: Runner = runHere): Promise<string> =>
  withoutPassing(await output(['nft', '-s', 'list', 'table', ...table.split(' ')], undefined, runner));

/**
 * Declared tables beside the live ones of the same names.
 *
 * @throws Fault of what could not be listed: never "not there" for "could not look"
 */
export async function readHeldTables(declared: readonly DeclaredTable[]): Promise<readonly HeldTable[]> {
  const present = new Set(await listTableNames());
  return Promise.all(
    declared.map(async (one) => {
      if (!present.has(one.table)) return { ...one, live: undefined };
      const live = await listDeclarable(one.table);
      const isSame = meantLines(live).join('\n') === meantLines(one.text).join('\n');
      return { ...one, text: isSame ? live : await asListed(one), live };
    }),
  );
}

/**
 * A declared table as this nft lists it: it may have been written by hand, or by another version. One that cannot be loaded where there is no
 * device is compared as it stands.
 */
async function asListed({ table, text }: DeclaredTable): Promise<string> {
  try {
    const [listed] = await listInScratch(text, [table], '-s');
    return listed === undefined ? text : withoutPassing(listed.text);
  } catch (error) {
    if (error instanceof Fault && error.code === 'RG_REHEARSAL') return text;
    throw error;
  }
}
