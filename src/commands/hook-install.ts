import { Fault } from '../fault.ts';
import type { Target } from '../hook/target.ts';
import { changeText } from '../report/hook-text.ts';
import { carryOut, type Change } from '../system/hook-files.ts';
import { forgetFired } from '../system/hook-fired.ts';
import { isInstalled, planInstall, planRemoval } from '../system/hook-plan.ts';
import { systemctl, systemdRuns } from '../system/units.ts';
import type { Context, Exit } from './context.ts';
import { makingOf, noteOthersProgram, targetOf, type TargetArgs } from './hook-target.ts';

/** `rulesguard hook install TARGET`: shows what it writes, and writes it. */
export async function install(args: TargetArgs, context: Context): Promise<Exit> {
  const { print, paint } = context;
  const target = targetOf(args.name);
  if (args.force !== true && !isInstalled(target, args.root)) {
    throw new Fault('RG_HOOK_TARGET', 3, `${target.name} is not installed here: none of its files is there`, {
      details: target.signs,
      hint: `See what there is: rulesguard hook status. To write the hook all the same: rulesguard hook install ${target.name} --force`,
    });
  }
  const making = makingOf(args);
  const changes = planInstall(target, making, args.root);
  if (changes.length === 0) {
    print(`Nothing to do: the hook for ${target.name} is in place.\n`);
    return 0;
  }
  show(changes, context);
  if (args.dryRun === true) return 0;
  noteOthersProgram(making, context);
  await carryOut(args.root, changes);
  await tellSystemd(target, args.root, 'start', context);
  print(
    `${paint('green', paint('bold', 'INSTALLED'))}  the hook for ${target.name}. See it: rulesguard hook status ${target.name}\n`,
  );
  if (target.note !== undefined) print(`${target.note}\n`);
  return 0;
}

/** `rulesguard hook remove TARGET`: takes out what install wrote, and nothing else. */
export async function remove(args: TargetArgs, context: Context): Promise<Exit> {
  const { print, paint, stateDir } = context;
  const target = targetOf(args.name);
  const changes = planRemoval(target, args.root);
  if (changes.length === 0) {
    print(`Nothing to do: there is no hook for ${target.name}.\n`);
    return 0;
  }
  show(changes, context);
  if (args.dryRun === true) return 0;
  const { start } = target.units ?? {};
  if (start !== undefined && runsHere(args.root)) await warnOf(systemctl('stop', start), context);
  await carryOut(args.root, changes);
  await forgetFired(stateDir, target.name);
  await tellSystemd(target, args.root, 'leave', context);
  print(`${paint('green', paint('bold', 'REMOVED'))}  the hook for ${target.name}\n`);
  return 0;
}

function show(changes: readonly Change[], { print }: Context): void {
  for (const { path, now, next } of changes) print(changeText(path, now, next));
}

/** Whether the files are those of the systemd that runs here. */
const runsHere = (root: string): boolean => root === '/' && systemdRuns();

async function tellSystemd(
  { units }: Target,
  root: string,
  then: 'start' | 'leave',
  context: Context,
): Promise<void> {
  if (units === undefined) return;
  if (!runsHere(root)) {
    context.log.warn('note: systemd does not run here. Where it does: systemctl daemon-reload');
    return;
  }
  await warnOf(systemctl('daemon-reload'), context);
  if (then === 'start' && units.start !== undefined)
    await warnOf(systemctl('start', '--no-block', units.start), context);
}

async function warnOf(asked: Promise<string | undefined>, { log }: Context): Promise<void> {
  const trouble = await asked;
  if (trouble !== undefined) log.warn(`note: ${trouble}`);
}
