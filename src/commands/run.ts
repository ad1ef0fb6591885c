import { Fault } from '../fault.ts';
import { isHurt } from '../guard/harm.ts';
import { harmText } from '../report/forecast-text.ts';
import { foresee, harmDone, takeGround, type Change, type Ground } from '../system/foresee.ts';
import { launch, notFound } from '../system/launch.ts';
import { withProgress } from '../system/progress.ts';
import { peekStdin } from '../system/stdin.ts';
import { which } from '../system/which.ts';
import { configured } from './configured.ts';
import type { Context, Exit } from './context.ts';
import { commandLine } from '../shell.ts';
import { shown, tellForecast, type ForecastArgs } from './forecast.ts';
import { BY_BOTH, openMeasure } from './measure.ts';

export interface RunArgs extends ForecastArgs {
  readonly mode: 'refuse' | 'repair' | 'report' | undefined;
  readonly dryRun: boolean | undefined;
  readonly seconds: number | undefined;
  readonly policies: boolean | undefined;
  /** Seconds; 0 for no confirmation. */
  readonly confirm: number | undefined;
  readonly confirmOk: boolean | undefined;
  /** What the timer of a pending change calls. */
  readonly putBack: string | undefined;
}

/**
 * `rulesguard run -- COMMAND`: a firewall change, guarded. Exit: the command's own; 1 refused, or Docker's rules are hurt
 * afterwards; 3 nobody can tell what it would do.
 */
export async function run(args: RunArgs, given: Context): Promise<Exit> {
  if (args.confirmOk === true) return (await import('./run-confirm.ts')).confirmOk(given);
  if (args.putBack !== undefined)
    return (await import('./run-confirm.ts')).putBackChange(args.putBack, given);
  const { config, context } = await configured(given);
  const change = await changeOf(context.guarded);
  const mode = args.mode ?? config.run.mode;
  const { stored } = await openMeasure(BY_BOTH, context);
  const ground = await takeGround(stored);
  if (args.dryRun === true || mode === 'refuse') {
    const foreseen = foresee(change, ground, { seconds: args.seconds ?? config.run.rehearsalSeconds });
    const forecast = await withProgress('rehearsing it in a scratch world', foreseen);
    if (args.dryRun === true) return tellForecast(forecast, change, ground, args, context);
    if (!forecast.told || isHurt(forecast.harm)) {
      const exit = tellForecast(forecast, change, ground, args, aside(context));
      context.log.warn(
        `Not run. To run it and mend what it breaks: rulesguard run --mode repair -- ${commandLine(change.words)}`,
      );
      return exit;
    }
  }
  const perform = async (): Promise<Exit> => {
    if (mode !== 'repair')
      return tellOutcome(await launch(change.words, change.input), change, ground, args, aside(context));
    const { runRepaired } = await import('./run-repaired.ts');
    return runRepaired(change, ground, args, aside(context));
  };
  const seconds = args.confirm ?? config.run.confirm;
  if (seconds === 0) return perform();
  const { armFor, settle } = await import('./run-confirm.ts');
  const pending = await armFor(seconds, commandLine(change.words), context);
  return settle(pending, await perform(), context);
}

/** Standard output is the command's own: all that is said beside it goes to stderr. */
const aside = (context: Context): Context => ({
  ...context,
  print: (text) => {
    context.log.warn(text.trimEnd());
  },
});

/** What the command did, told only if it hurt. */
async function tellOutcome(
  exit: Exit,
  { words }: Change,
  ground: Ground,
  { all }: RunArgs,
  { print, paint }: Context,
): Promise<Exit> {
  const harm = await harmDone(ground);
  if (!isHurt(harm)) return exit;
  print(harmText(harm, commandLine(words), paint, shown(all)));
  if (harm.findings.length > 0)
    print('\nNext: rulesguard restore --dry-run shows the repair, rulesguard restore does it.\n');
  return exit === 0 ? 1 : exit;
}

async function changeOf(words: readonly string[]): Promise<Change> {
  const [program, ...rest] = words;
  if (program === undefined)
    throw new Fault('RG_USAGE', 2, 'no command was given', {
      hint: 'Put it behind two dashes: rulesguard run -- iptables -A INPUT -p tcp --dport 22 -j ACCEPT',
    });
  if ((await which(program)) === undefined) throw notFound(program);
  return { words: [program, ...rest], input: await peekStdin() };
}
