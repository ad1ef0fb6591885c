import { arm, confirmPending, giveTime, type Pending, type PendingOptions } from '../system/pending.ts';
import { printable } from '../report/text.ts';
import type { Context, Exit } from './context.ts';

const optionsOf = ({ stateDir, runDir, waitSeconds }: Context): PendingOptions => ({
  stateDir,
  runDir,
  waitSeconds,
});

/** Before the change of `run --confirm SECONDS`: records all that is in force, and starts the timer. */
export function armFor(seconds: number, what: string, context: Context): Promise<Pending> {
  return arm(seconds, what, optionsOf(context));
}

/**
 * After it: says how to keep the change and waits for the answer.
 *
 * @param exit - the command's own
 * @returns it when the change was confirmed, 1 when it was put back
 */
export async function settle(armed: Pending, exit: Exit, context: Context): Promise<Exit> {
  const options = optionsOf(context);
  const { log } = context;
  const given = await giveTime(armed, options);
  if (given !== undefined && given.change.outcome !== 'waiting') {
    const { putBack } = await import('../system/pending-put-back.ts');
    await putBack(armed.id, options, true);
    log.warn('PUT BACK  the time was over before the command had ended');
    return 1;
  }
  if (given !== undefined) {
    const type = process.stdin.isTTY ? 'type y and Enter, or on another terminal: ' : '';
    log.warn(
      `Keep this change within ${String(given.change.seconds)} s (until ${given.change.until}): ${type}rulesguard run --confirm-ok\nElse everything is put back as it was. At once: rulesguard run --put-back now`,
    );
  }
  const { awaitConfirmation } = await import('../system/pending-wait.ts');
  const answer = given === undefined ? 'confirmed' : await awaitConfirmation(given, options);
  log.warn(
    {
      confirmed: 'CONFIRMED  the change stays',
      'put-back': 'PUT BACK  everything is as it was',
      failed: 'NOT PUT BACK  it failed; try again: rulesguard run --put-back now',
    }[answer],
  );
  return answer === 'confirmed' ? exit : 1;
}

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
