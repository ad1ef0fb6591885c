import { Fault } from '../../fault.ts';
import type { Change, ChangeContext, Forecast } from '../../app/guard-change/change.ts';
import { verdictOf, type ForecastVerdict } from '../../app/guard-change/verdict.ts';
import { countBefore } from '../../app/guard-change/context.ts';
import { forecastJson } from '../../report/forecast-json.ts';
import { forecastText } from '../../report/forecast-text.ts';
import { commandLine } from '../../shell.ts';
import { nextSteps, stepText } from './way-back.ts';
import type { Context, Exit } from '../context.ts';

/** How a forecast is to be printed. */
export interface ForecastArgs {
  readonly json: boolean | undefined;
  readonly all: boolean | undefined;
}

const EXIT = { safe: 0, 'would-break': 1, unknown: 3 } as const;

/**
 * Prints what a change would do. Exit 0: it leaves Docker's rules as they are, 1: it would break them.
 *
 * @throws Fault RG_UNPREDICTABLE (exit 3) where that cannot be told, unless the forecast is printed as JSON
 */
export function reportForecast(
  forecast: Forecast,
  { words }: Change,
  context: ChangeContext,
  { json, all }: ForecastArgs,
  { print, paint }: Context,
): Exit {
  const judged = verdictOf(forecast, context);
  const { verdict } = judged;
  const command = commandLine(words);
  const next =
    judged.verdict === 'would-break' ? nextSteps(judged, { words, before: context.live.rules }) : [];
  if (json === true) {
    const facts = {
      command: words,
      verdict,
      by: verdict !== 'unknown' && forecast.known ? forecast.by : null,
      reason: judged.verdict === 'unknown' ? judged.reason : forecast.known ? null : forecast.reason,
      reach: forecast.reach ?? null,
      findings: forecast.impact?.findings ?? [],
      shadows: forecast.impact?.shadows ?? [],
      next,
      after: forecast.known ? forecast.rules : null,
    };
    print(`${JSON.stringify(forecastJson(facts), undefined, 2)}\n`);
    return EXIT[verdict];
  }
  if (judged.verdict === 'unknown') throw unpredictable(command, judged);
  const head = {
    verdict: judged.verdict,
    command,
    by: forecast.known ? forecast.by : undefined,
    rules: countBefore(context),
  };
  const text = forecastText(judged.impact, judged.reach, head, paint, shown(all));
  print(`${[text.trimEnd(), ...next.map(stepText)].join('\n')}\n`);
  return EXIT[verdict];
}

/** What a command would do cannot be told. */
function unpredictable(
  command: string,
  { reason, details, lacks }: Extract<ForecastVerdict, { verdict: 'unknown' }>,
): Fault {
  const hints = {
    rules: 'What is the matter with Docker here: rulesguard doctor',
    change: `To run it all the same and repair what it breaks: rulesguard run --mode repair -- ${command}`,
    sight: `To run it all the same, rolled back unless you confirm: rulesguard run --mode report --confirm 60 -- ${command}`,
  };
  return new Fault(
    'RG_UNPREDICTABLE',
    3,
    `cannot predict what ${command} would do to Docker's ${lacks === 'sight' ? 'containers' : 'rules'}: ${reason}`,
    { details, hint: hints[lacks] },
  );
}

/** How many findings are printed, by `--all`. */
export const shown = (all: boolean | undefined): 'all' | 'some' => (all === true ? 'all' : 'some');
