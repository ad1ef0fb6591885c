import { automaticOff } from '../../app/automatic.ts';
import { hookStatus } from '../../app/hooks/hook-status.ts';
import { installHook, removeHook, type InstallEvent } from '../../app/hooks/install-hook.ts';
import { realHookHost } from '../../app/hooks/real-hook-host.ts';
import { recipeOf } from '../../hooks/recipes.ts';
import { TARGETS, targetOf } from '../../hooks/targets.ts';
import { changeText, hookStatusJson, hookStatusText, targetsText } from '../../report/hook-text.ts';
import type { Context, Exit } from '../context.ts';
import { configured } from '../shared/configured.ts';

/** Options of `hook install`, `remove`, `status`, `list` and `recipe`. */
export interface ManageArgs {
  readonly name: string | undefined;
  readonly root: string;
  readonly dryRun: boolean | undefined;
  readonly force: boolean | undefined;
  readonly json: boolean | undefined;
  readonly vetoFlushAll: boolean | undefined;
}

/** `rulesguard hook install TARGET`: shows what it writes, and writes it. */
export async function install(args: ManageArgs, context: Context): Promise<Exit> {
  const { print, paint, stateDir } = context;
  const target = targetOf(args.name);
  const request = {
    dryRun: args.dryRun === true,
    force: args.force === true,
    vetoFlushAll: args.vetoFlushAll === true,
  };
  const outcome = await installHook(realHookHost(args.root, stateDir), target, request, reporter(context));
  if (outcome === 'nothing') print(`Nothing to do: the hook for ${target.name} is in place.\n`);
  if (outcome !== 'done') return 0;
  print(
    `${paint('green', paint('bold', 'INSTALLED'))}  the hook for ${target.name}. See it: rulesguard hook status ${target.name}\n`,
  );
  if (target.note !== undefined) print(`${target.note}\n`);
  return 0;
}

/** `rulesguard hook remove TARGET`: takes out what install wrote, and nothing else. */
export async function remove(args: ManageArgs, context: Context): Promise<Exit> {
  const { print, paint, stateDir } = context;
  const target = targetOf(args.name);
  const request = { dryRun: args.dryRun === true };
  const outcome = await removeHook(realHookHost(args.root, stateDir), target, request, reporter(context));
  if (outcome === 'nothing') print(`Nothing to do: there is no hook for ${target.name}.\n`);
  if (outcome === 'done') print(`${paint('green', paint('bold', 'REMOVED'))}  the hook for ${target.name}\n`);
  return 0;
}

const reporter =
  ({ print, log }: Context) =>
  (event: InstallEvent): void => {
    switch (event.kind) {
      case 'planned':
        for (const { path, now, next } of event.changes) print(changeText(path, now, next));
        return;
      case 'others-program':
        log.warn(
          `note: the hook runs ${event.path} as root, and that file is not root's alone. Better one that root has installed: sudo npm install -g ./rulesguard-VERSION.tgz`,
        );
        return;
      case 'no-systemd':
        log.warn('note: systemd does not run here. Where it does: systemctl daemon-reload');
        return;
      case 'systemd-refused':
        log.warn(`note: ${event.says}`);
    }
  };

/** `rulesguard hook status [TARGET]`: whether each hook is in place and can run, and what became of its last run. */
export async function status(args: ManageArgs, context: Context): Promise<Exit> {
  const asked = args.name === undefined ? TARGETS : [targetOf(args.name)];
  const all = await hookStatus(realHookHost(args.root, context.stateDir), asked);
  const off = automaticOff((await configured(context)).config, process.env);
  if (args.json === true) context.print(`${JSON.stringify(hookStatusJson(all, off), undefined, 2)}\n`);
  else context.print(hookStatusText(all, off, context.paint));
  return 0;
}

/** `rulesguard hook list`: every target, with one line on each. */
export function list({ print, paint }: Context): Exit {
  print(targetsText(TARGETS, paint));
  return 0;
}

/** `rulesguard hook recipe ansible|puppet`: what to paste. */
export function recipe({ name }: ManageArgs, { print }: Context): Exit {
  print(recipeOf(name));
  return 0;
}
