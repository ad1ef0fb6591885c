import { isDamage } from '../guard/finding.ts';
import { checkJson, checkNagios } from '../report/check-formats.ts';
import { checkText } from '../report/check-text.ts';
import { beginReading } from '../system/kernel.ts';
import { countDockers, lookTwice } from '../system/look.ts';
import { withProgress } from '../system/progress.ts';
import { openBaseline } from '../system/store.ts';
import type { Context, Exit } from './context.ts';
import { noteOtherTools } from './note-tools.ts';

export interface CheckArgs {
  readonly baseline: string | undefined;
  readonly json: boolean | undefined;
  readonly diff: boolean | undefined;
  readonly nagios: boolean | undefined;
  readonly all: boolean | undefined;
}

/** `rulesguard check`: what of Docker's rules is lost, and what that means. Exit 0 intact, 1 damaged. */
export async function run(args: CheckArgs, context: Context): Promise<Exit> {
  const { stateDir, paint, print } = context;
  const reading = beginReading();
  const stored = await openBaseline(stateDir, args.baseline);
  const { live, drift, findings } = await withProgress(
    'reading the live rules of both families',
    lookTwice(stored, reading),
  );
  const { id, digest, baseline } = stored;
  const rules = countDockers(stored.owned);
  const exit = findings.some(isDamage) ? 1 : 0;
  if (exit === 1) noteOtherTools(stored, live, context);
  if (args.nagios === true) {
    const plugin = checkNagios(findings, rules);
    print(`${plugin.line}\n`);
    return plugin.exit;
  }
  if (args.json === true)
    print(
      `${JSON.stringify(checkJson({ backend: live.backend, baseline: { id, created: baseline.created, digest }, rules, findings }), undefined, 2)}\n`,
    );
  else if (args.diff === true) print((await import('../report/diff.ts')).driftDiff(drift));
  else {
    const ageSeconds = (Date.now() - Date.parse(baseline.created)) / 1000;
    print(
      checkText(
        findings,
        { baselineId: id, baselineAgeSeconds: ageSeconds, backend: live.backend, rules },
        paint,
        args.all === true ? 'all' : 'some',
      ),
    );
  }
  return exit;
}
