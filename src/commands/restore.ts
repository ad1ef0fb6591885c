import type { ReferenceArgs } from '../app/observe/open-reference.ts';
import { othersDeciding } from '../app/check/others.ts';
import { realCheckHost } from '../app/check/real-check-host.ts';
import { realHost } from '../app/real-host.ts';
import { ENGINE_ORDERS } from '../app/restore/tables/real-engine-orders.ts';
import type { Host } from '../app/ports.ts';
import type { RepairOptions } from '../app/restore/repair.ts';
import { restore } from '../app/restore/restore.ts';
import { whileAnnounced } from '../host/state/announcements.ts';
import { statesOf } from '../firewall/iptables/plan/chain-states.ts';
import { countSteps, isEmptyPlan } from '../firewall/iptables/plan/plan.ts';
import { countEdits, type TablePlan } from '../firewall/nftables/plan/plan.ts';
import type { Family } from '../net/family.ts';
import type { Observation } from '../reconcile/observation.ts';
import { planInput, planText } from '../report/plan-text.ts';
import {
  appliedPlanText,
  emptyPlanText,
  flowNotes,
  policiesText,
  unjournaledText,
} from '../report/restore-text.ts';
import { count, printable } from '../report/text.ts';
import type { Preview } from '../app/restore/preview.ts';
import type { Context, Exit } from './context.ts';
import { openReference } from './shared/reference.ts';
import { skippedText, whyOff } from './shared/scheduled.ts';
import { reporting, reportRestored } from './shared/report-events.ts';

export interface RestoreArgs extends ReferenceArgs {
  readonly assumeUnchanged: boolean | undefined;
  readonly policies: boolean | undefined;
  readonly dryRun: boolean | undefined;
  readonly print: boolean | undefined;
  readonly family: Family | undefined;
  readonly planOut: string | undefined;
  readonly plan: string | undefined;
  readonly undo: boolean | undefined;
  readonly rehearse: boolean;
  readonly dropFlows: boolean | undefined;
  readonly byDocker: boolean | undefined;
  readonly scheduled: boolean | undefined;
}

/** `rulesguard restore`: brings Docker's rules back. Exit 0 all back or nothing to do, 1 not all. */
export async function run(args: RestoreArgs, context: Context): Promise<Exit> {
  const off = args.scheduled === true ? await whyOff(context) : undefined;
  if (off !== undefined) {
    context.print(skippedText(off, 'nothing restored'));
    return 0;
  }
  const host = realHost(context);
  const announced = <T>(change: () => Promise<T>) => whileAnnounced(context.runDir, change);
  if (args.undo === true) return announced(() => undo(host, args, context));
  const { plan } = args;
  if (plan !== undefined) return announced(() => applyPlan(host, plan, args, context));
  const options: RepairOptions = {
    policies: args.policies === true ? 'restore' : 'leave',
    assumeUnchanged: args.assumeUnchanged === true,
    rehearse: args.rehearse,
    flows: args.dropFlows === true ? 'all' : 'repaired',
    // Nobody is there to say that a change was not meant.
    changed: args.scheduled === true ? 'leave' : 'restore',
  };
  if (args.dryRun === true || args.print === true || args.planOut !== undefined)
    return preview(host, args, options, context);
  return announced(() => repair(host, args, options, context));
}

async function repair(
  host: Host,
  args: RestoreArgs,
  options: RepairOptions,
  context: Context,
): Promise<Exit> {
  const result = await reporting(context, async (on) =>
    args.byDocker === true
      ? (await import('../app/restore/tables/by-docker.ts')).restoreByDocker(
          host,
          ENGINE_ORDERS,
          args,
          options,
          on,
        )
      : restore(host, args, options, on),
  );
  await reportRestored(result, context);
  return result.exit;
}

async function undo(host: Host, { rehearse }: RestoreArgs, context: Context): Promise<Exit> {
  const { undoRestore } = await import('../app/restore/undo.ts');
  const { pausedWhile } = await import('./shared/pause.ts');
  await pausedWhile(context, () => reporting(context, (on) => undoRestore(host, rehearse, on)));
  return 0;
}

async function applyPlan(host: Host, path: string, args: RestoreArgs, context: Context): Promise<Exit> {
  const { applyPlanFile } = await import('../app/restore/apply-plan-file.ts');
  const applied = await applyPlanFile(host, path, args, args.rehearse);
  context.print(appliedPlanText(applied, path, context.paint));
  if (applied.unjournaled !== undefined) context.log.warn(unjournaledText(applied.unjournaled));
  for (const note of flowNotes(applied.flows)) context.log.warn(note);
  return 0;
}

async function preview(
  host: Host,
  args: RestoreArgs,
  options: RepairOptions,
  context: Context,
): Promise<Exit> {
  const { previewRestore } = await import('../app/restore/preview.ts');
  const { family, planOut } = args;
  const found = await reporting(context, (on) =>
    previewRestore(host, args, options, { family, planOut }, on),
  );
  if (planOut !== undefined)
    context.log.warn(
      `${count(found.tables === undefined ? countSteps(found.plan) : countEdits(found.tables), 'step')} written to ${planOut}. Apply exactly these: rulesguard restore --plan ${planOut}`,
    );
  if (found.held.length > 0) await showHeld(found.held, args, context);
  if (found.held.length > 0 && isEmptyPreview(found)) return 0;
  if (found.tables !== undefined) await showTablePlans(found.tables, found.observation, args, context);
  else if (args.print === true) context.printBytes(planInput(found.plan, found.observation.live.variant));
  else if (args.dryRun === true) await showPlan(found, args, context);
  return 0;
}

async function showHeld(
  held: Preview['held'],
  { print, dryRun, planOut }: RestoreArgs,
  context: Context,
): Promise<void> {
  const { heldNotPlanned, heldPlanInput, heldPlanText } = await import('../report/declared-tables-text.ts');
  if (print === true) context.printBytes(heldPlanInput(held));
  else if (dryRun === true) context.print(heldPlanText(held, context.paint));
  if (planOut !== undefined) context.log.warn(heldNotPlanned(held));
}

/** Whether nothing of Docker's is left to do or to say. */
const isEmptyPreview = ({ tables, full, plan, policies }: Preview): boolean =>
  tables === undefined
    ? isEmptyPlan(full) && plan.leftOut.length === 0 && policies.length === 0
    : tables.length === 0;

async function showTablePlans(
  plans: readonly TablePlan[],
  observation: Observation,
  args: RestoreArgs,
  context: Context,
): Promise<void> {
  const { print, printBytes, paint, stateDir } = context;
  const { tablePlansInput, tablePlansText } = await import('../report/tables/plan-text.ts');
  if (args.print === true) printBytes(tablePlansInput(plans));
  else if (args.dryRun !== true) return;
  else if (plans.length === 0)
    print(
      emptyPlanText(
        [],
        await othersDeciding(realCheckHost(stateDir), await openReference(args, context), observation),
        paint,
      ),
    );
  else {
    const { tablesDiff } = await import('../report/diff.ts');
    const diff = tablesDiff(observation.tables?.drifts ?? []);
    print(`${tablePlansText(plans, paint)}\n${diff}\n${printableLines(tablePlansInput(plans))}`);
  }
}

async function showPlan(
  { observation, plan, full, policies, rulesAfter }: Preview,
  args: RestoreArgs,
  context: Context,
): Promise<void> {
  const { print, paint, stateDir } = context;
  const { family } = args;
  if (isEmptyPlan(plan) && isEmptyPlan(full) && plan.leftOut.length === 0) {
    const others = await othersDeciding(
      realCheckHost(stateDir),
      await openReference(args, context),
      observation,
    );
    print(emptyPlanText(policies, others, paint));
    return;
  }
  if (isEmptyPlan(plan) && !isEmptyPlan(full)) print(`Nothing to do for ${family ?? ''}.\n`);
  else {
    const { rules, variant } = observation.live;
    const { statesDiff } = await import('../report/diff.ts');
    const diff = statesDiff(statesOf(plan, rules, 'all'), statesOf(plan, rulesAfter(), 'all'));
    print(`${planText(plan, paint)}\n${diff}\n${printableLines(planInput(plan, variant))}`);
  }
  print(policiesText(policies));
}

const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
