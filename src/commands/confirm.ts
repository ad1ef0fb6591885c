import { confirmPending } from '../app/rollback/pending.ts';
import { realPendingHost } from '../app/rollback/real-pending-host.ts';
import { printable } from '../report/text.ts';
import type { Context, Exit } from './context.ts';

/** Options of `rulesguard confirm`. */
export interface ConfirmArgs {
  readonly id: string | undefined;
}

/** `rulesguard confirm [ID]`: the change that waits stays. Exit 1 when it is too late, or when it is not clear which is meant. */
export async function run({ id }: ConfirmArgs, context: Context): Promise<Exit> {
  const { change } = await confirmPending(id, realPendingHost(context));
  context.print(`${context.paint('green', context.paint('bold', 'CONFIRMED'))}  ${printable(change.what)}\n`);
  return 0;
}
