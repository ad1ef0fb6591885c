import { replacingTable } from '../../../firewall/nftables/text/replacing.ts';
import { digestOf } from '../../../digest.ts';
import { Fault } from '../../../fault.ts';
import type { LeftOut } from '../../../firewall/iptables/plan/edit.ts';
import { meantLines, passingElements } from '../../../firewall/nftables/text/declared-table.ts';
import { familyOfTable, heldToWrite, type HeldTable } from '../../../reconcile/tables/declared-tables.ts';
import { observationOf, type Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import type { RestoreResult } from '../../../reconcile/repair-result.ts';
import type { Applier } from '../apply.ts';
import { beginTables } from '../tables/apply-tables.ts';

/** What was done about declared tables, before anything of Docker's was repaired. */
export interface HeldRestored {
  /** As it was left. */
  readonly seen: Observation;
  readonly repaired: number;
  /** Id of the journal entry; undefined where nothing was written, or where it could not be noted. */
  readonly journal: string | undefined;
  readonly unjournaled: string | undefined;
  /** Tables that are left as they are, and why. */
  readonly left: readonly LeftOut[];
  readonly applies: number;
}

/**
 * Puts declared tables back, each in one transaction. They come first: what closes is there before a repair opens a port.
 *
 * The caller holds the lock.
 *
 * @param changed - whether a table that somebody changed is put back too: not unless he who asks is there to say so
 * @throws Fault RG_PRIVILEGE, or of what could not be read
 */
export async function restoreHeld(
  host: Applier,
  reference: Reference,
  first: Observation,
  changed: 'restore' | 'leave' = 'leave',
): Promise<HeldRestored> {
  const { live, engine } = first;
  const wanted = heldToWrite(live.held, changed);
  const untouched = heldToWrite(live.held, 'restore').filter((one) => !wanted.includes(one));
  const left = untouched.map((one) => leftOut(one, CHANGED));
  if (wanted.length === 0)
    return { seen: first, repaired: 0, journal: undefined, unjournaled: undefined, left, applies: 0 };
  const begun = await beginTables(host, {
    ...{ action: 'restore', baseline: reference.stored?.digest ?? null, undoes: null, continues: null },
    variant: live.variant,
    changed: wanted.map(({ table }) => table),
    done: wanted.map(replacingTable),
    own: true,
  });
  const refused: LeftOut[] = [];
  try {
    await host.withSignalsHeld(async () => {
      for (const one of wanted) {
        const before = begun.entry.tables.before.find(({ table }) => table === one.table);
        const why = await write(host, one, before?.text ?? '');
        if (why !== undefined) refused.push(leftOut(one, `nft does not take it: ${why}`));
      }
    });
  } catch (error) {
    if (error instanceof Fault) await finishHeld(host, begun, 'failed');
    throw error;
  }
  const isRefused = refused.length === wanted.length;
  const unjournaled = await finishHeld(host, begun, isRefused ? 'failed' : 'applied');
  // Nothing of Docker's was touched: what was observed of it still holds.
  const held = await host.readHeldTables(reference.declared?.tables ?? []);
  return {
    seen: observationOf(reference, { ...live, held }, engine),
    repaired: wanted.length - refused.length,
    journal: isRefused ? undefined : begun.noted.id,
    unjournaled,
    left: [...left, ...refused],
    applies: isRefused ? 0 : 1,
  };
}

/** Makes a table as declared, with the elements that came to it since if nft takes them. @param before - as it is. @returns what was refused */
async function write(
  host: Pick<Applier, 'writeTables'>,
  held: HeldTable,
  before: string,
): Promise<string | undefined> {
  const elements = passingElements(held, before);
  const isMade =
    elements !== '' && (await host.writeTables(`${replacingTable(held)}${elements}`)) === undefined;
  return isMade ? undefined : host.writeTables(replacingTable(held));
}

const CHANGED =
  'somebody changed it: rulesguard restore puts it back, rulesguard snapshot --declare --table takes it over (docs/declared-rules.md)';

const leftOut = ({ table }: HeldTable, reason: string): LeftOut => ({
  ...{ family: familyOfTable(table), table, chain: '', rule: table, reason },
});

/** A digest of tables that are the operator's own, without what was counted. */
export async function digestOfOwn(
  host: Pick<Applier, 'readHeldTables'>,
  names: readonly string[],
): Promise<string> {
  const live = await host.readHeldTables(names.map((table) => ({ table, text: '' })));
  return digestOf(
    live.map(({ table, live: text = '' }) => [table, ...meantLines(text)].join('\n')).join('\n'),
  );
}

/** Writes what became of an apply to tables of the operator's own. @returns why that could not be written */
export async function finishHeld(
  host: Pick<Applier, 'journal' | 'readHeldTables'>,
  { noted, entry }: Awaited<ReturnType<typeof beginTables>>,
  outcome: 'applied' | 'failed',
): Promise<string | undefined> {
  if (noted.id === undefined) return noted.why;
  const after = await digestOfOwn(
    host,
    entry.tables.before.map(({ table }) => table),
  );
  return host.journal.end(noted.id, { ...entry, outcome, tables: { ...entry.tables, after } });
}

/** A restore's result, with what was done about declared tables before. */
export function withHeld(result: RestoreResult, done: HeldRestored): RestoreResult {
  const unexplained = result.unexplained.filter(
    ({ kind, table }) => kind !== 'declared-table' || !done.left.some((one) => one.table === table),
  );
  return {
    ...result,
    exit: done.left.length > 0 ? 1 : result.exit,
    repaired: result.repaired + done.repaired,
    steps: result.steps + done.repaired,
    leftOut: [...result.leftOut, ...done.left],
    unexplained,
    explained: result.explained + result.unexplained.length - unexplained.length,
    applies: result.applies + done.applies,
    journal: [...(done.journal === undefined ? [] : [done.journal]), ...result.journal],
    unjournaled: result.unjournaled ?? done.unjournaled,
  };
}
