import { automaticOff } from '../../app/automatic.ts';
import { readUnsettled, type Unsettled } from '../../app/rollback/overdue.ts';
import { realPendingHost } from '../../app/rollback/real-pending-host.ts';
import { realRollbackHost } from '../../app/rollback/real-rollback-host.ts';
import { rollBack } from '../../app/rollback/rollback.ts';
import { attitudeOf, settleOverdue, type OverdueEvent } from '../../app/rollback/settle-overdue.ts';
import { whileAnnounced } from '../../host/state/announcements.ts';
import { readConfig } from '../../host/config/config.ts';
import { age, printable } from '../../report/text.ts';
import type { Context, Left } from '../context.ts';

/**
 * Before a command: finishes or reports what became of changes that nobody confirmed.
 *
 * @param args - the command's options, as parsed
 * @returns what is left of it and matters to whether all is well; undefined when nothing is
 * @throws Fault RG_PENDING when the command would build on a change that could not be rolled back
 */
export async function settleBefore(
  verb: string,
  args: Readonly<Record<string, unknown>>,
  context: Context,
): Promise<Left | undefined> {
  const asked = { verb, ...args };
  const attitude = attitudeOf(asked, {
    hooksOff: process.env['RULESGUARD_HOOKS'] === 'off',
    automaticOff: await isAutomaticOff(context),
  });
  if (attitude === 'ignore') return undefined;
  let left: Left | undefined;
  await settleOverdue(asked, attitude, {
    readUnsettled: (grace) => readUnsettled(realPendingHost(context), grace),
    rollBack: (id, trying) =>
      whileAnnounced(context.runDir, () => rollBack(id, realRollbackHost(context), trying)),
    emit: (event) => (left = worse(left, report(event, context))),
  });
  return left;
}

/** A configuration that cannot be used allows nothing that nobody typed. */
async function isAutomaticOff({ configFile }: Context): Promise<boolean> {
  const config = await readConfig(configFile).catch(() => ({ automatic: false }));
  return automaticOff(config, process.env) !== undefined;
}

const worse = (one: Left | undefined, other: Left | undefined): Left | undefined =>
  one === undefined || (other !== undefined && other.exit === 1) ? (other ?? one) : one;

function report(event: OverdueEvent, { log }: Context): Left | undefined {
  switch (event.kind) {
    case 'rolled-back': {
      const { what, until } = event.pending.change;
      log.warn(
        `ROLLED BACK  ${printable(what)}: nobody had confirmed it until ${until}, and nothing had rolled it back; everything is as it was before it`,
      );
      return undefined;
    }
    case 'not-rolled-back': {
      const { id, change } = event.pending;
      log.error(
        `NOT ROLLED BACK  ${printable(change.what)}: overdue since ${change.until}: ${printable(event.says)}\n→ Try again: rulesguard rollback ${id}`,
        { code: 'RG_PENDING' },
      );
      return undefined;
    }
    case 'left':
      return reportLeft(event.unsettled, log);
  }
}

function reportLeft(one: Unsettled, log: Context['log']): Left | undefined {
  if (one.kind === 'damaged') {
    const { code, message, details, hint = '' } = one.fault;
    log.error([message, ...details.map((line) => `  ${printable(line)}`), `→ ${hint}`].join('\n'), { code });
    return { exit: 3, headline: message };
  }
  const { id, change, state, file } = one.pending;
  const what = printable(change.what);
  const by = `by ${printable(change.by.user)}, ${id}`;
  const rollBackIt = `rulesguard rollback ${id}`;
  const headline = `an unconfirmed change is overdue and not rolled back: ${what}`;
  switch (one.kind) {
    case 'due': {
      const progress = one.atWork
        ? `nobody confirmed it until ${change.until}, and rolling it back is not done yet: its timer is still at work`
        : state === 'waiting'
          ? `nobody confirmed it until ${change.until}, and nothing rolled it back: its timer is gone`
          : `rolling it back ${state === 'failed' ? 'failed' : 'began and did not end'}`;
      log.error(`OVERDUE  ${what} (${by}): ${progress}\n→ Roll it back: ${rollBackIt}`, {
        code: 'RG_PENDING',
      });
      return { exit: 1, headline };
    }
    case 'old':
      log.error(
        `OVERDUE  ${what} (${by}): nobody confirmed it until ${change.until}, ${age(one.overdue)} ago, and it was not rolled back. What was changed since would be undone with it, so that is done only on demand\n→ Roll it back: ${rollBackIt}${state === 'waiting' ? `. Keep it: rulesguard confirm ${id}` : ''}`,
        { code: 'RG_PENDING' },
      );
      return { exit: 1, headline };
    case 'elsewhere':
      log.warn(
        `note: in another network namespace an unconfirmed change is overdue: ${what} (${by})\n→ There: nsenter --net=… ${rollBackIt}`,
      );
      return undefined;
    case 'rebooted': {
      const files =
        one.written.length > 0
          ? `Written after it began, and in force again where they are loaded at boot: ${one.written.join(', ')}`
          : 'What it wrote to files is in force again where they are loaded at boot';
      log.warn(
        `ENDED BY A REBOOT  ${what} (${by}): it waited to be confirmed until ${change.until}, and was neither confirmed nor rolled back. A boot begins without rules, so no rule of before was loaded\n  ${files}\n  What was in force before it: ${file}\n→ Acknowledge it: ${rollBackIt} (changes no rule)`,
      );
      return undefined;
    }
  }
}
