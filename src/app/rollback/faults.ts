import { Fault } from '../../fault.ts';
import { STATE_TEXT } from '../../reconcile/pending-state.ts';
import type { Pending } from '../../host/pending/read.ts';

/** One change in a line, its id first. */
function pendingLine({ id, state, change: { what, by, until } }: Pending): string {
  const where = by.terminal === null ? '' : ` on ${by.terminal}`;
  const status = state === 'waiting' ? `waits until ${until}` : STATE_TEXT[state];
  return `${id}  ${what}  (by ${by.user}${where}, ${status})`;
}

const keep = (id: string): string => `rulesguard confirm ${id}`;
const rollBack = (id: string): string => `rulesguard rollback ${id}`;

/** Another change is not settled, and two could not be rolled back one without the other. */
export function alreadyPending(pending: Pending): Fault {
  const { id, state } = pending;
  return new Fault('RG_PENDING', 1, 'another change is waiting to be confirmed, so nothing was run', {
    details: [pendingLine(pending)],
    hint:
      state === 'waiting'
        ? `Keep it: ${keep(id)}. Roll everything back now: ${rollBack(id)}`
        : `Its rolling back has begun and is not done. Finish it: ${rollBack(id)}`,
  });
}

/** Confirming needs an id here. */
export function whichOne(message: string, open: readonly Pending[]): Fault {
  return new Fault('RG_PENDING', 1, message, {
    details: open.map(pendingLine),
    hint:
      open.length === 0
        ? 'One is made with: rulesguard run --confirm SECONDS -- COMMAND'
        : 'Say which: rulesguard confirm ID keeps it, rulesguard rollback ID rolls it back',
  });
}

/** The change that waits was not started by this login. */
export function notYours(pending: Pending): Fault {
  const { id } = pending;
  return new Fault('RG_PENDING', 1, 'not confirmed: the change that waits was started by another login', {
    details: [pendingLine(pending)],
    hint: `If it is the one you mean: ${keep(id)}. To roll it back: ${rollBack(id)}`,
  });
}

/** Nothing confirms a change whose rolling back has begun. */
export function tooLate({ id, state, change: { what, says } }: Pending, at: string | undefined): Fault {
  const when = at === undefined ? '' : ` at ${at}`;
  const [message, hint] = {
    waiting: ['too late: it has just been settled', 'See what the rules are now: rulesguard check'],
    confirmed: [`it was confirmed already${when}`, 'Nothing is left to do.'],
    'rolling-back': [`too late: rolling it back began${when}`, `Finish it: ${rollBack(id)}`],
    failed: [`too late: rolling it back failed${when}`, `Try again: ${rollBack(id)}`],
    'rolled-back': [`too late: it was rolled back${when}`, 'Make the change again, and confirm it in time.'],
    rebooted: ['too late: a reboot ended it', 'See what the rules are now: rulesguard check'],
  }[state] as [string, string];
  return new Fault('RG_PENDING', 1, message, {
    details: [what, ...(says === undefined ? [] : [says])],
    hint,
  });
}
