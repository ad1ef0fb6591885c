import { check } from '../../app/check/check.ts';
import type { ReferenceArgs } from '../../app/observe/open-reference.ts';
import { realBaselines } from '../../app/real-baselines.ts';
import { REAL_OBSERVER } from '../../app/real-observer.ts';
import type { Family } from '../../net/family.ts';
import { checkJson, checkNagios } from '../../report/check-formats.ts';
import { checkText } from '../../report/check-text.ts';
import type { Context, Exit } from '../context.ts';
import { reporting } from '../shared/report-events.ts';

export interface CheckArgs extends ReferenceArgs {
  readonly json: boolean | undefined;
  readonly diff: boolean | undefined;
  readonly nagios: boolean | undefined;
  readonly all: boolean | undefined;
  readonly candidate: string | undefined;
  readonly family: Family | undefined;
  readonly seconds: number | undefined;
}

/** `rulesguard check`: what of Docker's rules is lost, and what that means. Exit 0 intact, 1 damaged, or a
 * container lost its networks. */
export async function run(args: CheckArgs, context: Context): Promise<Exit> {
  if (args.candidate !== undefined) {
    const { checkCandidate } = await import('./candidate.ts');
    return checkCandidate({ ...args, candidate: args.candidate }, context);
  }
  const { paint, print } = context;
  const {
    reference,
    observation,
    head,
    exit: found,
  } = await reporting(context, (on) => check(REAL_OBSERVER, realBaselines(context.stateDir), args, on));
  const { drift, findings } = observation;
  const { stored } = reference;
  const { engine, firewallBackend = null, variant, rules } = head;
  const exit = found === 1 ? 1 : (context.unsettled?.exit ?? 0);
  if (args.nagios === true) {
    const plugin = checkNagios(findings, rules, context.unsettled?.headline);
    print(`${plugin.line}\n`);
    return plugin.exit;
  }
  if (args.json === true) {
    const report = checkJson({
      firewallBackend,
      variant,
      baseline:
        stored === undefined
          ? null
          : { id: stored.id, created: stored.baseline.created, digest: stored.digest },
      engine: engine === undefined ? null : { version: engine },
      rules,
      findings,
      unsettled: context.unsettled?.headline,
    });
    print(`${JSON.stringify(report, undefined, 2)}\n`);
  } else if (args.diff === true) print((await import('../../report/diff.ts')).driftDiff(drift));
  else {
    const shown = args.all === true ? 'all' : 'some';
    print(checkText(findings, head, paint, shown));
  }
  return exit;
}
