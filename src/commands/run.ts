import { Fault } from '../fault.ts';
import { isHurt } from '../guard/harm.ts';
import { harmText } from '../report/forecast-text.ts';
import { foresee, harmOn, takeGround, type Change, type Ground } from '../system/foresee.ts';
import { readBackend } from '../system/kernel.ts';
import { launch, notFound } from '../system/launch.ts';
import { withProgress } from '../system/progress.ts';
import { peekStdin } from '../system/stdin.ts';
import { which } from '../system/which.ts';
import { configured } from './configured.ts';
import type { Context, Exit } from './context.ts';
import { commandLine, tellForecast, type ForecastArgs } from './forecast.ts';
import { openMeasure } from './measure.ts';

export interface RunArgs extends ForecastArgs {
  readonly mode: 'refuse' | 'repair' | 'report' | undefined;
  readonly dryRun: boolean | undefined;
  readonly seconds: number | undefined;
  readonly policies: boolean | undefined;
}

/**
 * `rulesguard run -- COMMAND`: a firewall change, guarded. Exit: the command's own; 1 refused, or Docker's rules are hurt
 * afterwards; 3 nobody can tell what it would do.
 */
export async function run(args: RunArgs, given: Context): Promise<Exit> {
  const { config, context } = await configured(given);
  const change = await changeOf(context.guarded);
  const mode = args.mode ?? config.run.mode;
  if (mode === 'repair' && args.dryRun !== true) {
    const { runRepaired } = await import('./run-repaired.ts');
    return runRepaired(change, args.policies === true, aside(context));
  }
  const { stored } = await openMeasure({ baseline: undefined, source: 'both' }, context);
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
  const exit = await launch(change.words, change.input);
  return tellOutcome(exit, change, ground, args, aside(context));
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
  const after = await readBackend(ground.live.backend);
  const harm = harmOn(ground, after.rules);
  if (!isHurt(harm)) return exit;
  print(harmText(harm, commandLine(words), paint, all === true ? 'all' : 'some'));
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
