import { Fault } from '../../fault.ts';
import {
  isSameTable,
  withoutPassing,
  type DeclaredTable,
} from '../../firewall/nftables/text/declared-table.ts';
import type { HeldTable } from '../../reconcile/tables/declared-tables.ts';
import { runHere, type Runner } from '../command/command.ts';
import { listInScratch } from './list-in-scratch.ts';
import { listTables } from './write-tables.ts';

/** One table as it is declared: without counters, without elements that come and go; '' where it is not there. @throws Fault of what could not be listed */
export async function listDeclarable(table: string, runner: Runner = runHere): Promise<string> {
  const [listed] = await listTables([table], runner, ['-s']);
  return withoutPassing(listed?.text ?? '');
}

/**
 * Declared tables beside the live ones of the same names.
 *
 * @param declared - one without a text is only listed
 * @throws Fault of what could not be listed: never "not there" for "could not look"
 */
export const readHeldTables = (declared: readonly DeclaredTable[]): Promise<readonly HeldTable[]> =>
  Promise.all(
    declared.map(async (one) => {
      const live = await listDeclarable(one.table);
      if (live === '') return { ...one, live: undefined };
      const isSame = one.text === '' || isSameTable(live, one.text);
      return { ...one, text: isSame ? live : await asListed(one), live };
    }),
  );

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
