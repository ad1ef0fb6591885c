import { predictCandidate } from '../../app/guard-change/candidate.ts';
import { REAL_CHANGE_HOST } from '../../app/guard-change/real-change-host.ts';
import { readBounded } from '../../host/files/bounded.ts';
import { withProgress } from '../../host/log/progress.ts';
import type { Family } from '../../net/family.ts';
import { configured } from '../shared/configured.ts';
import type { Context, Exit } from '../context.ts';
import { reportForecast, type ForecastArgs } from '../shared/forecast.ts';
import { BY_BOTH, openReference } from '../shared/reference.ts';

export interface CandidateArgs extends ForecastArgs {
  readonly candidate: string;
  readonly family: Family | undefined;
  readonly seconds: number | undefined;
}

/** `check --candidate FILE`: what loading a file would do to Docker's rules. Exit 0: nothing, 1: it would break them, 3: it cannot be predicted. */
export async function checkCandidate(args: CandidateArgs, given: Context): Promise<Exit> {
  const { config, context } = await configured(given);
  const { candidate: path, family, seconds } = args;
  const request = { path, family, rehearsalSeconds: seconds ?? config.run.rehearsalSeconds };
  const {
    change,
    context: before,
    forecast,
  } = await predictCandidate(request, {
    host: REAL_CHANGE_HOST,
    readFile: (file) => readBounded(file, 'candidate'),
    openReference: () => openReference(BY_BOTH, context),
    during: (_, work) => withProgress('rehearsing it in a sandbox', work),
  });
  return reportForecast(forecast, change, before, args, context);
}
