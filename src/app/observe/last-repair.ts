import { Fault } from '../../fault.ts';
import type { TablesRepair } from '../../reconcile/reference.ts';
import type { Journal } from '../ports.ts';

/** How many entries are looked at: the newest says it, unless it is of something else. */
const MOST = 3;

/**
 * The newest restore that made Docker's own tables of nftables whole; undefined for none among the newest entries of the journal, and where it
 * cannot be read: what it says only tells more.
 */
export async function lastTablesRepair({
  list,
  read,
}: Pick<Journal, 'list' | 'read'>): Promise<TablesRepair | undefined> {
  try {
    for (const id of (await list()).slice(-MOST).toReversed()) {
      const { action, outcome, created, tables } = await read(id);
      if (action === 'restore' && outcome === 'applied' && tables !== undefined && tables.own !== true)
        return { id, at: created, tables: tables.before.map(({ table }) => table) };
    }
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
