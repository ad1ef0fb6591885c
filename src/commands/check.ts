import type { Family } from '../iptables/model.ts';
import { isDamage } from '../guard/finding.ts';
import { checkJson, checkNagios } from '../report/check-formats.ts';
import { checkText } from '../report/check-text.ts';
import { beginReading } from '../system/kernel.ts';
import { lookTwice } from '../system/look.ts';
import { withProgress } from '../system/progress.ts';
import type { Context, Exit } from './context.ts';
import { headOf, noteGrounds, openMeasure, type MeasureArgs } from './measure.ts';

export interface CheckArgs extends MeasureArgs {
  readonly json: boolean | undefined;
  readonly diff: boolean | undefined;
  readonly nagios: boolean | undefined;
  readonly all: boolean | undefined;
  readonly candidate: string | undefined;
  readonly family: Family | undefined;
  readonly seconds: number | undefined;
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
  const { drift, findings } = seen;
  const { stored } = measure;
  const head = headOf(measure, seen);
  const { engine, backend, rules } = head;
  const exit = findings.some(isDamage) ? 1 : 0;
  noteGrounds(measure, seen, context);
  if (args.nagios === true) {
    const plugin = checkNagios(findings, rules);
    print(`${plugin.line}\n`);
    return plugin.exit;
  }
  if (args.json === true) {
    const report = checkJson({
      backend,
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
    const shown = args.all === true ? 'all' : 'some';
    print(checkText(findings, head, paint, shown));
  }
  return exit;
}
