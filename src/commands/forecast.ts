import { Fault } from '../fault.ts';
import { countDockers } from '../guard/desired.ts';
import { isHurt } from '../guard/harm.ts';
import { forecastJson, forecastText } from '../report/forecast-text.ts';
import type { Change, Forecast, Ground } from '../system/foresee.ts';
import { commandLine } from '../shell.ts';
import type { Context, Exit } from './context.ts';

/** How a forecast is to be printed. */
export interface ForecastArgs {
  readonly json: boolean | undefined;
  readonly all: boolean | undefined;
}

/**
 * Prints what a change would do. Exit 0 it leaves Docker's rules as they are, 1 it hurts.
 *
 * @throws Fault RG_UNTOLD (exit 3) where nobody can tell, unless it is known to hurt
 */
export function tellForecast(
  forecast: Forecast,
  { words }: Change,
  ground: Ground,
  { json, all }: ForecastArgs,
  { print, paint }: Context,
): Exit {
  const { harm } = forecast;
  const command = commandLine(words);
  const hurts = harm !== undefined && isHurt(harm);
  if (json === true) {
    const facts = {
      command: words,
      verdict: hurts ? ('hurts' as const) : forecast.told ? ('safe' as const) : ('unknown' as const),
      by: forecast.told ? forecast.by : null,
      reason: forecast.told ? null : forecast.reason,
      findings: harm?.findings ?? [],
      shadows: harm?.shadows ?? [],
      after: forecast.told ? forecast.rules : null,
    };
    print(`${JSON.stringify(forecastJson(facts), undefined, 2)}\n`);
    return hurts ? 1 : forecast.told ? 0 : 3;
  }
  if (harm === undefined) {
    if (!forecast.told) throw untold(command, forecast);
    return 0;
  }
  const head = {
    command,
    by: forecast.told ? forecast.by : undefined,
    rules: countDockers(ground.before),
  };
  print(forecastText(harm, head, paint, shown(all)));
  return hurts ? 1 : 0;
}

/** Nobody can tell what a command would do, so it is not let through. */
function untold(command: string, { reason, details }: Extract<Forecast, { told: false }>): Fault {
  return new Fault('RG_UNTOLD', 3, `cannot tell what ${command} would do to Docker's rules: ${reason}`, {
    details,
    hint: `To run it all the same and mend what it breaks: rulesguard run --mode repair -- ${command}`,
  });
}

/** How many findings are printed, by `--all`. */
export const shown = (all: boolean | undefined): 'all' | 'some' => (all === true ? 'all' : 'some');
