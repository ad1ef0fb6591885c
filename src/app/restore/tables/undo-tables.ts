import { Fault } from '../../../fault.ts';
import type { JournalEntry } from '../../../reconcile/journal.ts';
import { replacingTable } from '../../../firewall/nftables/text/replacing.ts';
import { digestOfTables } from '../../observe/digests.ts';
import type { Applier } from '../apply.ts';
import { digestOfOwn, finishHeld } from '../held/restore-held.ts';
import { applyTransactions, finishTables, type AppliedTransactions } from './apply-tables.ts';

type TablesEntry = JournalEntry & { readonly tables: NonNullable<JournalEntry['tables']> };

/** Whether an apply was one of Docker's own tables. */
export const isTablesEntry = (entry: JournalEntry): entry is TablesEntry => entry.tables !== undefined;

/** The transactions that make tables again what they were, a table each. */
const takingBack = ({ tables }: TablesEntry): readonly string[] => tables.before.map(replacingTable);

/** How many tables an undo makes anew. */
export const countTables = ({ tables }: TablesEntry): number => tables.before.length;

/**
 * Undoes one apply to Docker's tables: they are made again what they were, whole. What Docker wrote since would be lost with that, so it is
 * refused once anything in them has changed.
 *
 * @returns why the journal does not say so
 * @throws Fault RG_CHANGED where the tables are no longer as the restore left them, RG_NOT_REPAIRED when nft refuses
 */
export async function undoTables(host: Applier, id: string, entry: TablesEntry): Promise<string | undefined> {
  const { own, before, after } = entry.tables;
  const now =
    own === true
      ? await digestOfOwn(
          host,
          before.map(({ table }) => table),
        )
      : digestOfTables(await host.readTables());
  if (now !== after)
    throw new Fault(
      'RG_CHANGED',
      1,
      `the restore is not undone: ${own === true ? 'the declared tables' : "Docker's tables"} are not as it left them, and what was written since would be lost`,
      { hint: 'See what is there now: rulesguard check' },
    );
  const refused = await takeBack(host, id, entry);
  if (refused !== undefined)
    throw new Fault('RG_NOT_REPAIRED', 1, 'the restore could not be undone completely', {
      details: [refused],
      hint: 'See what is there now: rulesguard check',
    });
  return host.journal.end(id, { ...entry, outcome: 'undone' });
}

async function takeBack(host: Applier, id: string | null, entry: TablesEntry): Promise<string | undefined> {
  const { baseline, variant, tables } = entry;
  const about = { action: 'undo', baseline, undoes: id, continues: null, variant } as const;
  const changed = tables.before.map(({ table }) => table);
  const own = tables.own === true ? ({ own: true } as const) : {};
  const back = await applyTransactions(host, takingBack(entry), [], { ...about, changed, ...own });
  const outcome = back.refused === undefined ? 'applied' : 'failed';
  if (tables.own === true) await finishHeld(host, back, outcome);
  else await finishTables(host, back, outcome, await host.readTables());
  return back.refused;
}

/** Undoes what had been applied when a fault ended it, and gives that fault with what became of it. */
export async function faultAfterTakingBack(
  host: Applier,
  fault: Fault,
  done: readonly AppliedTransactions[],
): Promise<Fault> {
  const left = await undoTransactions(host, done);
  return new Fault(fault.code, fault.exit, fault.message, {
    details: [...fault.details, left ?? 'What had been applied was undone.'],
    cause: fault,
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
  });
}

/** Undoes applies that did not end well, the last first. @returns what could not be undone */
async function undoTransactions(
  host: Applier,
  done: readonly AppliedTransactions[],
): Promise<string | undefined> {
  for (const { noted, entry } of done.toReversed()) {
    const refused = await takeBack(host, noted.id ?? null, entry);
    if (refused !== undefined) return `What had been applied could not be undone: ${refused}`;
    if (noted.id !== undefined) await host.journal.end(noted.id, { ...entry, outcome: 'undone' });
  }
  return undefined;
}
