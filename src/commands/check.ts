import type { Family } from '../iptables/model.ts';
import { isDamage } from '../guard/finding.ts';
import { checkJson, checkNagios } from '../report/check-formats.ts';
import { checkText } from '../report/check-text.ts';
import { beginReading } from '../system/kernel.ts';
import { countDockers } from '../guard/desired.ts';
import { lookTwice } from '../system/look.ts';
import { withProgress } from '../system/progress.ts';
import type { Context, Exit } from './context.ts';
import { noteGrounds, openMeasure, type MeasureArgs } from './measure.ts';

export interface CheckArgs extends MeasureArgs {
  readonly json: boolean | undefined;
  readonly diff: boolean | undefined;
  readonly nagios: boolean | undefined;
  readonly all: boolean | undefined;
  readonly candidate: string | undefined;
  readonly family: Family | undefined;
  readonly seconds: number;
}

/** `rulesguard check`: what of Docker's rules is lost, and what that means. Exit 0 intact, 1 damaged. */
export async function run(args: CheckArgs, context: Context): Promise<Exit> {
  if (args.candidate !== undefined) {
    const { checkCandidate } = await import('./candidate.ts');
    return checkCandidate({ ...args, candidate: args.candidate }, context);
  }
  const { paint, print } = context;
  const reading = beginReading();
  const measure = await openMeasure(args, context);
  const seen = await withProgress('reading the live rules of both families', lookTwice(measure, reading));
  const { live, word, sides, drift, findings } = seen;
  const { stored } = measure;
  const rules = countDockers(sides.base);
  const exit = findings.some(isDamage) ? 1 : 0;
  noteGrounds(measure, seen, context);
  if (args.nagios === true) {
    const plugin = checkNagios(findings, rules);
    print(`${plugin.line}\n`);
    return plugin.exit;
  }
  const engine = word.answered ? word.inventory.version : undefined;
  if (args.json === true) {
    const report = checkJson({
      backend: live.backend,
      baseline:
        stored === undefined
          ? null
          : { id: stored.id, created: stored.baseline.created, digest: stored.digest },
      engine: engine === undefined ? null : { version: engine },
      rules,
      findings,
    });
    print(`${JSON.stringify(report, undefined, 2)}\n`);
  } else if (args.diff === true) print((await import('../report/diff.ts')).driftDiff(drift));
  else {
    const baseline = stored && {
      id: stored.id,
      ageSeconds: (Date.now() - Date.parse(stored.baseline.created)) / 1000,
    };
    const shown = args.all === true ? 'all' : 'some';
    print(checkText(findings, { baseline, engine, backend: live.backend, rules }, paint, shown));
  }
  return exit;
}
