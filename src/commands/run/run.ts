import { Fault } from '../../fault.ts';
import type { Change } from '../../app/guard-change/change.ts';
import { guardChange, type Guard, type GuardRequest } from '../../app/guard-change/guard-change.ts';
import { REAL_CHANGE_HOST } from '../../app/guard-change/real-change-host.ts';
import { realConfirmHost } from '../../app/rollback/real-confirm-host.ts';
import { notFound } from '../../host/command/launch.ts';
import { peekStdin } from '../../host/command/stdin.ts';
import { which } from '../../host/command/which.ts';
import { whileAnnounced } from '../../host/state/announcements.ts';
import { withProgress } from '../../host/log/progress.ts';
import { commandLine } from '../../shell.ts';
import { configured } from '../shared/configured.ts';
import type { Context, Exit } from '../context.ts';
import { reportForecast, shown, type ForecastArgs } from '../shared/forecast.ts';
import { recordBefore, restoreAfter } from '../shared/around-change.ts';
import { BY_BOTH, openReference } from '../shared/reference.ts';
import { reportGuarding } from './events.ts';

export interface RunArgs extends ForecastArgs {
  readonly mode: GuardRequest['mode'] | undefined;
  readonly dryRun: boolean | undefined;
  readonly seconds: number | undefined;
  readonly policies: boolean | undefined;
  /** Seconds; 0 for no confirmation. */
  readonly confirm: number | undefined;
  /** The command: what stands behind the two dashes. */
  readonly '--'?: readonly string[];
}

/**
 * `rulesguard run -- COMMAND`: a firewall change, guarded. Exit: the command's own; 1 refused, or Docker's rules are
 * damaged afterwards; 3 it cannot be predicted what it would do.
 */
export async function run(args: RunArgs, given: Context): Promise<Exit> {
  const { config, context } = await configured(given);
  const change = await changeOf(args['--'] ?? []);
  const command = commandLine(change.words);
  const request: GuardRequest = {
    change,
    mode: args.mode ?? config.run.mode,
    dryRun: args.dryRun === true,
    policies: args.policies === true ? 'restore' : 'leave',
    rehearsalSeconds: args.seconds ?? config.run.rehearsalSeconds,
    confirmSeconds: args.confirm ?? config.run.confirm,
  };
  const guarded = await guardChange(request, guardOf(command, args, context));
  if (guarded.kind === 'made') return guarded.exit;
  const { kind, forecast, context: before } = guarded;
  if (kind === 'predicted') return reportForecast(forecast, change, before, args, context);
  const notRun = `Not run.${wayPast(change, process.env['RULESGUARD_ASKED_FOR'])}`;
  try {
    return reportForecast(forecast, change, before, args, aside(context));
  } finally {
    context.log.warn(notRun);
  }
}

/** How a person gets past the front that asked for this. @param tool - the name typed; undefined where no front asked */
const wayPast = ({ words: [, ...rest] }: Change, tool: string | undefined): string =>
  tool === undefined
    ? ''
    : ` To do it without being asked: RULESGUARD_FRONT=off ${commandLine([tool, ...rest])}`;

function guardOf(command: string, { all }: RunArgs, context: Context): Guard {
  return {
    host: REAL_CHANGE_HOST,
    openReference: () => openReference(BY_BOTH, context),
    record: () => recordBefore(context),
    restore: async (planning) => {
      const { exit } = await restoreAfter(planning, aside(context));
      return { isWhole: exit === 0 };
    },
    whileAnnounced: (change) => whileAnnounced(context.runDir, change),
    confirming: realConfirmHost(context),
    during: (_, work) => withProgress('rehearsing it in a sandbox', work),
    emit: (event) => {
      reportGuarding(event, command, shown(all), context);
    },
  };
}

/** Standard output is the command's own: all that is said beside it goes to stderr. */
const aside = (context: Context): Context => ({
  ...context,
  print: (text) => {
    context.log.warn(text.trimEnd());
  },
});

async function changeOf(words: readonly string[]): Promise<Change> {
  const [program, ...rest] = words;
  if (program === undefined)
    throw new Fault('RG_USAGE', 2, 'no command was given', {
      hint: 'Put it behind two dashes: rulesguard run -- iptables -A INPUT -p tcp --dport 22 -j ACCEPT',
    });
  if ((await which(program)) === undefined) throw notFound(program);
  return { words: [program, ...rest], input: await peekStdin() };
}
