import { check, reportOf, type Checked } from '../../app/check/check.ts';
import { realCheckHost } from '../../app/check/real-check-host.ts';
import type { ReferenceArgs } from '../../app/observe/open-reference.ts';
import { realBaselines } from '../../app/real-baselines.ts';
import type { Family } from '../../net/family.ts';
import { checkJson } from '../../report/check/json.ts';
import { checkNagios } from '../../report/check/nagios.ts';
import type { CheckDetail } from '../../report/check/report.ts';
import { checkText } from '../../report/check/text.ts';
import type { Context, Exit } from '../context.ts';
import { reporting } from '../shared/report-events.ts';

export interface CheckArgs extends ReferenceArgs {
  readonly json: boolean | undefined;
  readonly diff: boolean | undefined;
  readonly nagios: boolean | undefined;
  readonly all: boolean | undefined;
  readonly rules: boolean | undefined;
  readonly candidate: string | undefined;
  readonly family: Family | undefined;
  readonly seconds: number | undefined;
}

/** `rulesguard check`: what packets do, and which rules of Docker's are lost. Exit 0 intact, 1 damaged or overridden, 3 cannot tell. */
export async function run(args: CheckArgs, context: Context): Promise<Exit> {
  if (args.candidate !== undefined) {
    const { checkCandidate } = await import('./candidate.ts');
    return checkCandidate({ ...args, candidate: args.candidate }, context);
  }
  const { paint, print, stateDir, unsettled } = context;
  const checked = await reporting(context, (on) =>
    check(realCheckHost(stateDir), realBaselines(stateDir), args, on),
  );
  const { observation, head, verdict } = checked;
  if (args.nagios === true) {
    const plugin = checkNagios(verdict, head.rules, unsettled?.headline);
    print(`${plugin.line}\n`);
    return plugin.exit;
  }
  if (args.json === true) print(`${JSON.stringify(document(checked, unsettled?.headline), undefined, 2)}\n`);
  else if (args.diff === true) print(await diffOf(observation));
  else print(checkText(reportOf(checked), paint, detailOf(args)));
  return verdict.exit === 0 ? (unsettled?.exit ?? 0) : verdict.exit;
}

async function diffOf({ drift, tables, live }: Checked['observation']): Promise<string> {
  const { driftDiff, tablesDiff } = await import('../../report/diff.ts');
  const { heldDiff } = await import('../../report/declared-tables-text.ts');
  return `${heldDiff(live.held)}${tables === undefined ? driftDiff(drift) : tablesDiff(tables.drifts)}`;
}

const detailOf = ({ all, rules }: CheckArgs): CheckDetail =>
  all === true ? 'all' : rules === true ? 'rules' : 'screen';

function document(
  { reference: { stored }, observation: { findings }, head, verdict, removals }: Checked,
  unsettled: string | undefined,
): unknown {
  const { engine, firewallBackend = null, variant, rules, policyUnknown = [] } = head;
  return checkJson({
    ...{ firewallBackend, variant, rules, policyUnknown, verdict, findings, removals, unsettled },
    baseline:
      stored === undefined
        ? null
        : { id: stored.id, created: stored.baseline.created, digest: stored.digest },
    engine: engine === undefined ? null : { version: engine },
  });
}
