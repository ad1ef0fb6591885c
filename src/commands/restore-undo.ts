import { Fault } from '../fault.ts';
import { statesOf } from '../guard/journal.ts';
import { isEmptyPlan } from '../guard/plan.ts';
import { ownHost } from '../docker/ownership.ts';
import { count } from '../report/text.ts';
import { countSteps } from '../report/plan-text.ts';
import { apply, finish, proveApplicable, type ApplyOptions } from '../system/apply.ts';
import { writeEntry } from '../system/journal.ts';
import { readBackend } from '../system/kernel.ts';
import { lastUndoable, undoableOf, type Undoable } from '../system/repair.ts';
import type { Context, Exit } from './context.ts';

/** `restore --undo`: takes the last restore back, with every apply it took. */
export async function undoLast(options: ApplyOptions, { print, paint }: Context): Promise<Exit> {
  let next: Undoable | undefined = await lastUndoable(options.stateDir);
  while (next !== undefined) {
    const { id, entry, undo }: Undoable = next;
    await takeBackOne(next, options);
    print(
      `${paint('green', paint('bold', 'TAKEN BACK'))}  restore ${id} of ${entry.created}, ${count(countSteps(undo), 'step')}\n`,
    );
    next = entry.continues === null ? undefined : await undoableOf(options.stateDir, entry.continues);
  }
  return 0;
}

async function takeBackOne({ id, entry, live, done, undo }: Undoable, options: ApplyOptions): Promise<void> {
  if (!isEmptyPlan(undo)) {
    const stage = { live, owned: ownHost(live.rules) };
    await proveApplicable(undo, stage, options);
    const about = { action: 'undo', baseline: entry.baseline, undoes: id, continues: null } as const;
    const applied = await apply(undo, stage, about, options);
    if (applied.refused !== undefined) {
      await finish(options.stateDir, applied, 'failed', undefined);
      throw new Fault('RG_NOT_REPAIRED', 1, 'the restore could not be taken back whole', {
        details: [applied.refused],
        hint: 'See what is there now: rulesguard check',
      });
    }
    await finish(options.stateDir, applied, 'applied', await readBackend(entry.backend));
  }
  const after = await readBackend(entry.backend);
  await writeEntry(options.stateDir, id, {
    ...entry,
    outcome: 'undone',
    after: statesOf(done, after.rules),
  });
}
