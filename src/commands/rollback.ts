import { realPendingHost } from '../app/rollback/real-pending-host.ts';
import { realRollbackHost } from '../app/rollback/real-rollback-host.ts';
import { rollBackNow, rollBackWhenDue } from '../app/rollback/roll-back-now.ts';
import { rollBack, type RolledBack } from '../app/rollback/rollback.ts';
import { whileAnnounced } from '../host/state/announcements.ts';
import { STATE_TEXT } from '../reconcile/pending-state.ts';
import { printable } from '../report/text.ts';
import type { Context, Exit } from './context.ts';

/** Options of `rulesguard rollback`. */
export interface RollbackArgs {
  readonly id: string | undefined;
  /** For the timer of a change: waits until its time is over. */
  readonly whenDue: boolean | undefined;
}

/** `rulesguard rollback [ID]`: everything as it was before a change that waits. Exit 1 when that failed. */
export async function run({ id, whenDue }: RollbackArgs, context: Context): Promise<Exit> {
  const host = realPendingHost(context);
  const roll = (change: string): Promise<RolledBack> =>
    whileAnnounced(context.runDir, () => rollBack(change, realRollbackHost(context)));
  if (whenDue === true && id !== undefined) {
    // The terminal it was started from may go at any moment. Node takes back what the shell had set to be ignored.
    process.on('SIGHUP', () => undefined);
    return report(id, await rollBackWhenDue(id, host, roll), context);
  }
  const { forgotten, result } = await rollBackNow(id, host, roll);
  for (const { change } of forgotten)
    context.print(
      `Nothing to roll back: a reboot ended ${printable(change.what)}. It is not reported again.\n`,
    );
  if (result !== undefined) return report(id ?? result.pending?.id ?? '', result, context);
  if (forgotten.length === 0) context.print('Nothing to roll back: no change is waiting.\n');
  return 0;
}

function report(id: string, { outcome, pending }: RolledBack, { paint, print, log }: Context): Exit {
  const { what = '', says = '' } = pending?.change ?? {};
  switch (outcome) {
    case 'failed':
      log.error(
        `NOT ROLLED BACK  ${printable(what)}: ${printable(says)}\n→ Try again: rulesguard rollback ${id}`,
        { code: 'RG_PENDING' },
      );
      return 1;
    case 'rolled-back':
      print(`${paint('green', paint('bold', 'ROLLED BACK'))}  ${printable(what)}: ${printable(says)}\n`);
      return 0;
    case 'nothing':
      print(
        `Nothing to roll back: ${pending === undefined ? `there is no change ${printable(id)}` : `${printable(what)} is ${STATE_TEXT[pending.state]}`}.\n`,
      );
      return 0;
  }
}
