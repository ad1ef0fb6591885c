import type { GuardEvent } from '../../app/guard-change/guard-change.ts';
import type { ConfirmEvent } from '../../app/rollback/confirmation.ts';
import { nextLines } from '../../report/check-text.ts';
import { impactText } from '../../report/forecast-text.ts';
import { printable } from '../../report/text.ts';
import type { Context } from '../context.ts';

/**
 * Says what happens while a change is guarded. Standard output is the command's own, so all of it goes to stderr.
 *
 * @param command - the change as typed
 * @param shown - how many findings
 */
export function reportGuarding(
  event: GuardEvent,
  command: string,
  shown: 'all' | 'some',
  { log, paint }: Context,
): void {
  switch (event.kind) {
    case 'not-recorded':
      log.warn(
        `note: not recorded before the change: ${event.fault.message}; the repair afterwards goes by the Engine and the last baseline`,
      );
      return;
    case 'unguarded':
      log.warn(`note: there are no rules of Docker's to guard: ${event.reason}; the change is made`);
      return;
    case 'impact': {
      log.warn(impactText(event.impact, event.reach, command, paint, shown).trimEnd());
      const next = nextLines(event.impact.findings, paint);
      if (next.length > 0) log.warn(next.join('\n'));
      return;
    }
    default:
      reportConfirming(event, log);
  }
}

function reportConfirming(event: ConfirmEvent, log: Context['log']): void {
  switch (event.kind) {
    case 'trouble': {
      const { code, message, details, hint = '' } = event.fault;
      log.error([`rulesguard: ${message}`, ...details.map(printable), `→ ${hint}`].join('\n'), { code });
      return;
    }
    case 'late':
      log.warn(
        event.outcome === 'failed'
          ? 'NOT ROLLED BACK  it failed; try again: rulesguard rollback'
          : `ROLLED BACK  ${event.wasRolledBack ? 'it had been rolled back before the command had ended, and is once more' : 'the time was over before the command had ended'}`,
      );
      return;
    case 'asked':
      log.warn(promptText(event));
      return;
    case 'not-understood':
      log.warn('y keeps the change, n rolls everything back');
      return;
    case 'not-confirmed':
      log.warn(`NOT CONFIRMED  ${event.reason}`);
      return;
    case 'rolling-back':
      log.warn('Rolling everything back …');
      return;
    case 'settled':
      log.warn(settledText(event));
      return;
  }
}

type ConfirmQuestion = Extract<ConfirmEvent, { kind: 'asked' }>;

function promptText({ pending: { id, change }, extended }: ConfirmQuestion): string {
  const time = extended
    ? `within ${String(change.seconds)} s (until ${change.until})`
    : `until ${change.until}: the disk took no later time, so it counts from before the command`;
  const keep = `rulesguard confirm ${id}`;
  const rollBack = `rulesguard rollback ${id}`;
  return process.stdin.isTTY
    ? `Keep this change ${time}? Type y and Enter. n and Enter, or Ctrl-C, rolls everything back at once.\nOn another terminal: ${keep} or ${rollBack}\nWithout an answer everything is rolled back to what it was before.`
    : `Keep this change ${time}: ${keep}\nElse everything is rolled back to what it was before. At once: ${rollBack}`;
}

function settledText({
  as,
  pending: { id, file, change },
}: Extract<ConfirmEvent, { kind: 'settled' }>): string {
  return {
    confirmed: 'CONFIRMED  the change stays',
    'rolled-back': 'ROLLED BACK  everything is as it was before',
    ended: `NOT CONFIRMED YET  rolled back at ${change.until} unless: rulesguard confirm ${id}`,
    failed: `NOT ROLLED BACK  it failed; try again: rulesguard rollback ${id}`,
    gone: `CANNOT TELL  the record of this change is gone (${file}): it was not confirmed, and nothing will roll it back`,
  }[as];
}
