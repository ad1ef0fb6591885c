import { confirmPending, type PendingOptions } from '../system/pending.ts';
import { printable } from '../report/text.ts';
import type { Context, Exit } from './context.ts';

const optionsOf = ({ stateDir, runDir, waitSeconds }: Context): PendingOptions => ({
  stateDir,
  runDir,
  waitSeconds,
});

/** `run --confirm-ok`: the pending change stays. */
export async function confirmOk(context: Context): Promise<Exit> {
  const { change } = await confirmPending(optionsOf(context));
  context.print(`${context.paint('green', context.paint('bold', 'CONFIRMED'))}  ${printable(change.what)}\n`);
  return 0;
}

/**
 * `run --put-back ID`: what the timer starts; waits for the deadline. `now`: an operator who does not want to wait.
 * Exit 1 when it could not be put back.
 */
export async function putBackChange(id: string, context: Context): Promise<Exit> {
  const { awaitDeadline, putBack } = await import('../system/pending-put-back.ts');
  const options = optionsOf(context);
  if (id !== 'now') {
    // The terminal it was started from may go at any moment. Node takes back what the shell had set to be ignored.
    process.on('SIGHUP', () => undefined);
    await awaitDeadline(id, options);
  }
  const { outcome, pending } = await putBack(id, options);
  const { what = '', says = '' } = pending?.change ?? {};
  if (outcome === 'failed') {
    context.log.error(
      `rulesguard: the change could not be put back: ${printable(what)}\n  ${printable(says)}\n→ Try again: rulesguard run --put-back now`,
      { code: 'RG_PENDING' },
    );
    return 1;
  }
  const { paint, print } = context;
  if (outcome === 'put-back')
    print(`${paint('green', paint('bold', 'PUT BACK'))}  ${printable(what)}: ${printable(says)}\n`);
  else print('Nothing to put back: no change is waiting.\n');
  return 0;
}
