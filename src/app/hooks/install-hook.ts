import { Fault } from '../../fault.ts';
import { isInstalled, planInstall, planRemoval, type FileChange } from '../../hooks/plan.ts';
import type { Target } from '../../hooks/target.ts';
import type { Listener } from '../events.ts';
import type { HookHost } from './hook-host.ts';

/** What a hook is installed or removed with. */
export interface InstallRequest {
  /** Only shows what would be written. */
  readonly dryRun: boolean;
  /** Also where the firewall manager is not installed. */
  readonly force: boolean;
  /** ufw: refuse `flush-all`. */
  readonly vetoFlushAll: boolean;
}

/** What there is to say while hooks are installed or removed. */
export type InstallEvent =
  /** What is going to be written; said before the first file is. */
  | { readonly kind: 'planned'; readonly changes: readonly FileChange[] }
  /** The hook runs as root what somebody else can change. */
  | { readonly kind: 'others-program'; readonly path: string }
  /** systemd has to reload its units, and does not run here. */
  | { readonly kind: 'no-systemd' }
  | { readonly kind: 'systemd-refused'; readonly says: string };

/** What an installation or a removal came to: `nothing` to do, only shown, or done. */
export type InstallOutcome = 'nothing' | 'shown' | 'done';

/**
 * Puts a target's hook in place, or brings an older one up to date.
 *
 * @throws Fault RG_HOOK_TARGET when the manager is not there, RG_HOOK_PROGRAM when the hook could not run rulesguard,
 *   RG_HOOK_FILE when something of somebody else's is in the way
 */
export async function installHook(
  host: HookHost,
  target: Target,
  { dryRun, force, vetoFlushAll }: InstallRequest,
  on: Listener<InstallEvent>,
): Promise<InstallOutcome> {
  const { tree, program } = host;
  if (!force && !isInstalled(target, tree)) {
    throw new Fault('RG_HOOK_TARGET', 3, `${target.name} is not installed here: none of its files is there`, {
      details: target.signs,
      hint: `See what there is: rulesguard hook status. To write the hook all the same: rulesguard hook install ${target.name} --force`,
    });
  }
  await refuseDeadProgram(host, target);
  const changes = planInstall(target, { program, vetoFlushAll }, tree);
  if (changes.length === 0) return 'nothing';
  on({ kind: 'planned', changes });
  if (dryRun) return 'shown';
  if (host.belongsToOthers(program)) on({ kind: 'others-program', path: program.path });
  await host.write(changes);
  await tellSystemd(host, target, 'start', on);
  return 'done';
}

/** A hook fails open: one whose program cannot run would stay silent for ever. What an image will hold is not known here. */
async function refuseDeadProgram(
  { isThisHost, program, tryProgram }: HookHost,
  { name }: Target,
): Promise<void> {
  const trouble = isThisHost ? await tryProgram(program) : undefined;
  if (trouble === undefined) return;
  throw new Fault('RG_HOOK_PROGRAM', 3, `the hook for ${name} would never run rulesguard: ${trouble}`, {
    hint: `Install it where every program finds it, then again: sudo npm install -g ./rulesguard-VERSION.tgz && sudo rulesguard hook install ${name}`,
  });
}

/** Takes out what an installation wrote, and nothing else. */
export async function removeHook(
  host: HookHost,
  target: Target,
  { dryRun }: Pick<InstallRequest, 'dryRun'>,
  on: Listener<InstallEvent>,
): Promise<InstallOutcome> {
  const changes = planRemoval(target, host.tree);
  if (changes.length === 0) return 'nothing';
  on({ kind: 'planned', changes });
  if (dryRun) return 'shown';
  const { start, stop = start } = target.units ?? {};
  if (stop !== undefined && isTold(host)) await ask(host, ['stop', stop], on);
  await host.write(changes);
  await host.forgetFired(target.name);
  await tellSystemd(host, target, 'leave', on);
  return 'done';
}

/** Whether the files are those of the systemd that runs here. */
const isTold = ({ isThisHost, systemdRuns }: HookHost): boolean => isThisHost && systemdRuns();

async function tellSystemd(
  host: HookHost,
  { units }: Target,
  then: 'start' | 'leave',
  on: Listener<InstallEvent>,
): Promise<void> {
  if (units === undefined) return;
  if (!isTold(host)) {
    on({ kind: 'no-systemd' });
    return;
  }
  await ask(host, ['daemon-reload'], on);
  if (then === 'start' && units.start !== undefined)
    await ask(host, ['start', '--no-block', units.start], on);
}

async function ask(host: HookHost, words: readonly string[], on: Listener<InstallEvent>): Promise<void> {
  const says = await host.systemctl(...words);
  if (says !== undefined) on({ kind: 'systemd-refused', says });
}
