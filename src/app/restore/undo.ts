import { Fault } from '../../fault.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import { statesOf } from '../../firewall/iptables/plan/chain-states.ts';
import type { JournalEntry } from '../../reconcile/journal.ts';
import { loadPlan } from '../../firewall/iptables/plan/plan-json.ts';
import { countSteps, isEmptyPlan, type Plan } from '../../firewall/iptables/plan/plan.ts';
import { planUndo } from '../../firewall/iptables/plan/undo.ts';
import type { Listener } from '../events.ts';
import type { Host } from '../ports.ts';
import { apply, finish } from './apply.ts';
import { Proof } from './proof.ts';
import { countTables, isTablesEntry, undoTables } from './tables/undo-tables.ts';

/** One apply was undone. */
export interface UndoneEvent {
  readonly kind: 'undone';
  /** Id of its journal entry, and when it was made. */
  readonly id: string;
  readonly created: string;
  readonly steps: number;
  /** Why the journal does not say so. */
  readonly unjournaled: string | undefined;
}

/** A journal entry with the plan that undoes it from the rules as they are now. */
interface Undoable {
  readonly id: string;
  readonly entry: JournalEntry;
  readonly live: Live;
  /** What it did, and what undoes that. */
  readonly done: Plan;
  readonly undo: Plan;
}

/**
 * Undoes the last restore, with every apply it took, under the lock. What others changed since stays.
 *
 * @param rehearse - whether each plan is tried in a network namespace of its own first
 * @throws Fault RG_PLAN when there is nothing to undo, RG_NOT_REPAIRED when the kernel refuses
 */
export function undoRestore(host: Host, rehearse: boolean, on: Listener<UndoneEvent>): Promise<void> {
  return host.withLock(async () => {
    const proof = new Proof(host, rehearse);
    let next: Undoable | UndoableTables | undefined = await lastUndoable(host);
    while (next !== undefined) {
      if ('tables' in next) {
        const { id: own, tables }: UndoableTables = next;
        const untold = await undoTables(host, own, tables);
        const about = { id: own, created: tables.created, steps: countTables(tables) };
        on({ kind: 'undone', ...about, unjournaled: untold });
        next = tables.continues === null ? undefined : await undoable(host, tables.continues);
        continue;
      }
      const { id, entry, undo }: Undoable = next;
      const unjournaled = await undoOne(host, next, proof);
      on({ kind: 'undone', id, created: entry.created, steps: countSteps(undo), unjournaled });
      next = entry.continues === null ? undefined : await undoable(host, entry.continues);
    }
  });
}

/** An apply to Docker's own tables, which its entry says how to undo. */
interface UndoableTables {
  readonly id: string;
  readonly tables: Parameters<typeof undoTables>[2];
}

/** @returns why the journal does not say so */
async function undoOne(
  host: Host,
  { id, entry, live, done, undo }: Undoable,
  proof: Proof,
): Promise<string | undefined> {
  if (!isEmptyPlan(undo)) {
    await proof.prove(undo, { live, owned: ownHost(live.rules) });
    const about = { action: 'undo', baseline: entry.baseline, undoes: id, continues: null } as const;
    const applied = await apply(host, undo, live, about);
    if (applied.refused !== undefined) {
      await finish(host, applied, 'failed', undefined);
      throw new Fault('RG_NOT_REPAIRED', 1, 'the restore could not be undone completely', {
        details: [applied.refused],
        hint: 'See what is there now: rulesguard check',
      });
    }
    await finish(host, applied, 'applied', await host.readVariant(entry.variant));
  }
  const after = await host.readVariant(entry.variant);
  return host.journal.end(id, { ...entry, outcome: 'undone', after: statesOf(done, after.rules) });
}

/** The last restore of which something is left to undo. */
async function lastUndoable(host: Host): Promise<Undoable | UndoableTables> {
  for (const id of (await host.journal.list()).toReversed()) {
    const entry = await host.journal.read(id);
    if (entry.action !== 'restore' || entry.outcome === 'undone') continue;
    if (isTablesEntry(entry)) {
      if (entry.outcome === 'failed') continue;
      return { id, tables: entry };
    }
    const found = await undoableFrom(host, id, entry);
    // A failed one may have been refused whole: then the one before it is the last that did anything.
    if (entry.outcome !== 'failed' || !isEmptyPlan(found.undo)) return found;
  }
  throw new Fault('RG_PLAN', 1, 'there is no restore to undo', {
    hint: `The journal is in ${host.journal.folder}`,
  });
}

async function undoable(host: Host, id: string): Promise<Undoable | UndoableTables> {
  const entry = await host.journal.read(id);
  return isTablesEntry(entry) ? { id, tables: entry } : undoableFrom(host, id, entry);
}

async function undoableFrom(host: Host, id: string, entry: JournalEntry): Promise<Undoable> {
  const live = await host.readVariant(entry.variant);
  const done = loadPlan(entry.plan);
  return { id, entry, live, done, undo: planUndo(done, entry.before, live.rules) };
}
