import { belongsToOthers, findProgram, tryProgram } from '../../host/command/program.ts';
import { carryOut, treeBelow } from '../../host/hooks/files.ts';
import { systemctl, systemdRuns } from '../../host/hooks/units.ts';
import { forgetFired, readFired } from '../../host/state/hook-fired.ts';
import type { HookHost } from './hook-host.ts';

/**
 * This host, as far as hooks touch it.
 *
 * @param root - the folder of an image, or `/`
 */
export function realHookHost(root: string, stateDir: string): HookHost {
  return {
    now: Date.now,
    tree: treeBelow(root),
    isThisHost: root === '/',
    program: findProgram(),
    tryProgram,
    belongsToOthers,
    write: (changes) => carryOut(root, changes),
    systemdRuns,
    systemctl,
    readFired: (target) => readFired(stateDir, target),
    forgetFired: (target) => forgetFired(stateDir, target),
  };
}
