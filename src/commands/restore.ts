import type { LeftOut } from '../guard/edit.ts';
import { isDamage, type Finding } from '../guard/finding.ts';
import { isEmptyPlan, type Plan } from '../guard/plan.ts';
import { storePlan } from '../guard/plan-json.ts';
import type { Family } from '../iptables/model.ts';
import { count, place, printable } from '../report/text.ts';
import { countSteps, leftOutLines, planInput, planText } from '../report/plan-text.ts';
import { statesOf } from '../guard/journal.ts';
import { simulatePlan } from '../guard/simulate-plan.ts';
import type { ApplyOptions } from '../system/apply.ts';
import { digestOfRules } from '../system/digest.ts';
import { beginReading } from '../system/kernel.ts';
import { withLock } from '../system/lock.ts';
import { look, type Look, type Measure } from '../system/look.ts';
import { writePlanFile } from '../system/plan-file.ts';
import { withProgress } from '../system/progress.ts';
import { leftAfter, planFor, repair, type Planning, type Repaired } from '../system/repair.ts';
import { mendFlows } from './mend-flows.ts';
import { noteGrounds, openMeasure, type MeasureArgs } from './measure.ts';
import { thisHost } from '../system/who.ts';
import type { Context, Exit } from './context.ts';

export interface RestoreArgs extends MeasureArgs {
  readonly unvouched: boolean | undefined;
  readonly policies: boolean | undefined;
  readonly dryRun: boolean | undefined;
  readonly print: boolean | undefined;
  readonly family: Family | undefined;
  readonly planOut: string | undefined;
  readonly plan: string | undefined;
  readonly undo: boolean | undefined;
  readonly rehearse: boolean;
}

/** `rulesguard restore`: brings Docker's rules back. Exit 0 all back or nothing to do, 1 not all. */
export async function run(args: RestoreArgs, context: Context): Promise<Exit> {
  const options: ApplyOptions = {
    stateDir: context.stateDir,
    runDir: context.runDir,
    waitSeconds: context.waitSeconds,
    rehearse: args.rehearse,
  };
  if (args.undo === true) {
    const { undoLast } = await import('./restore-undo.ts');
    return withLock(context.runDir, context.waitSeconds, () => undoLast(options, context));
  }
  const { plan } = args;
  if (plan !== undefined) {
    const { applyFile } = await import('./restore-plan.ts');
    return withLock(context.runDir, context.waitSeconds, () =>
      applyFile(plan, args.baseline, options, context),
    );
  }
  const planning: Planning = {
    policies: args.policies === true ? 'restore' : 'leave',
    unvouched: args.unvouched === true,
  };
  if (args.dryRun === true || args.print === true || args.planOut !== undefined)
    return preview(args, await openMeasure(args, context), planning, context);
  return (await restoreNow(args, planning, options, context)).exit;
}

/** What a restore came to. */
export interface Restored {
  readonly exit: 0 | 1;
  /** How many findings it mended. */
  readonly mended: number;
}

/** Looks and repairs, under the lock, and says what it did. */
export async function restoreNow(
  args: MeasureArgs,
  planning: Planning,
  options: ApplyOptions,
  context: Context,
): Promise<Restored> {
  return withLock(context.runDir, context.waitSeconds, async () => {
    const reading = beginReading();
    const measure = await openMeasure(args, context);
    const first = await withProgress('reading the live rules of both families', look(measure, reading));
    noteGrounds(measure, first, context);
    const repaired = await withProgress('repairing', repair(measure, first, planning, options));
    const restored = tell(repaired, planning, context);
    if (repaired.plans.length > 0) await mendFlows(first.drift, first.sides.base, context);
    return restored;
  });
}

/** Shows or stores the plan; touches nothing, and needs no lock. */
async function preview(
  args: RestoreArgs,
  measure: Measure,
  planning: Planning,
  context: Context,
): Promise<Exit> {
  const { print, printBytes, paint, log } = context;
  const seen = await withProgress('reading the live rules of both families', look(measure));
  noteGrounds(measure, seen, context);
  const full = planFor(seen, planning);
  const plan = args.family === undefined ? full : onlyFamily(full, args.family);
  if (args.planOut !== undefined) {
    const { host } = thisHost();
    await writePlanFile(args.planOut, {
      version: 1,
      created: new Date().toISOString(),
      host,
      backend: seen.live.backend,
      baseline: measure.stored?.digest ?? null,
      source: measure.source,
      live: digestOfRules(seen.live.rules),
      ...storePlan(plan),
    });
    log.warn(
      `${count(countSteps(plan), 'step')} written to ${args.planOut}. Apply exactly these: rulesguard restore --plan ${args.planOut}`,
    );
  }
  if (args.print === true) printBytes(planInput(plan, seen.live.backend));
  else if (args.dryRun === true) {
    if (isEmptyPlan(plan) && !isEmptyPlan(full)) print(`Nothing to do for ${args.family ?? ''}.\n`);
    else if (isEmptyPlan(plan) && plan.leftOut.length === 0) print(nothingToDo(seen));
    else
      print(
        `${planText(plan, paint)}\n${await planDiff(plan, seen)}\n${printableLines(planInput(plan, seen.live.backend))}`,
      );
    if (args.policies !== true) for (const line of policyLines(seen)) print(`${line}\n`);
  }
  return 0;
}

function onlyFamily(plan: Plan, family: Family): Plan {
  return {
    leftOut: plan.leftOut.filter((left) => left.family === family),
    families: { ipv4: { tables: [] }, ipv6: { tables: [] }, [family]: plan.families[family] },
  };
}

async function planDiff(plan: Plan, { live }: Look): Promise<string> {
  const { statesDiff } = await import('../report/diff.ts');
  return statesDiff(
    statesOf(plan, live.rules, 'all'),
    statesOf(plan, simulatePlan(plan, live.rules).rules, 'all'),
  );
}

const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

function policyLines({ drift }: Look): readonly string[] {
  return drift.policies.map(
    ({ was, is, ...where }) =>
      `The policy of ${place(where)} was ${was} and is ${is}. It is set back only by: rulesguard restore --policies`,
  );
}

const nothingToDo = ({ drift }: Look): string =>
  drift.policies.length === 0
    ? "Nothing to do: all of Docker's rules are in place.\n"
    : "All of Docker's rules are in place.\n";

const isAmong = (left: LeftOut, findings: readonly Finding[]): boolean =>
  findings.some(({ rule, ...where }) => rule === left.rule && place(where) === place(left));

function tell(
  { before, after, journal, plans }: Repaired,
  planning: Planning,
  { print, paint, log }: Context,
): Restored {
  const { damage, policies } = leftAfter(after.findings);
  const { leftOut } = plans[0] ?? planFor(before, planning);
  const broken = before.findings.filter(isDamage);
  // DOCKER-USER counts as the user's own again once any of its content is back: the next check will not name the rest.
  // By the first look's own plan: what has become stale since, its container having stopped, is nothing to mend any more.
  const givenUp = planFor(before, planning).leftOut.filter(
    (left) => isAmong(left, broken) && !isAmong(left, damage),
  );
  const mended = broken.length - damage.length - policies.length - givenUp.length;
  const steps = plans.reduce((sum, plan) => sum + countSteps(plan), 0);
  const left = paint('yellow', paint('bold', 'NOT REPAIRED'));
  if (plans.length > 0) {
    const done = paint('green', paint('bold', 'REPAIRED'));
    print(
      `${done}  ${count(mended, 'finding')} mended in ${count(steps, 'step')}; read back and compared. Take it back: rulesguard restore --undo\n`,
    );
    log.info(`journal ${journal.join(', ')}`, { journal, steps });
  } else if (damage.length === 0) print(nothingToDo(after));
  for (const line of leftOutLines(leftOut, paint)) print(`${line}\n`);
  for (const line of policyLines(after)) if (policies.length > 0) print(`${left}  ${line}\n`);
  const unexplained = damage.filter((finding) => !leftOut.some((one) => isAmong(one, [finding])));
  for (const finding of unexplained)
    print(`${left}  ${place(finding)}  ${printable(finding.rule ?? finding.kind)}\n`);
  if (!after.word.answered && !planning.unvouched && damage.length > unexplained.length)
    print(
      `${left}  ${count(damage.length - unexplained.length, 'rule')} of containers. If none was started, stopped or restarted since the baseline: rulesguard restore --unvouched\n`,
    );
  return { exit: damage.length + policies.length + givenUp.length > 0 ? 1 : 0, mended };
}
