import { Fault } from '../fault.ts';
import { TARGETS } from '../hook/targets.ts';
import type { Making, Target } from '../hook/target.ts';
import { belongsToOthers, findProgram } from '../system/program.ts';
import type { Context } from './context.ts';
import { nearest } from '../nearest.ts';

/** Options of `hook install`, `remove`, `status`, `list` and `recipe`. */
export interface TargetArgs {
  readonly name: string | undefined;
  readonly root: string;
  readonly dryRun: boolean | undefined;
  readonly force: boolean | undefined;
  readonly json: boolean | undefined;
  readonly vetoFlushAll: boolean | undefined;
}

/** The target of a name. */
export function targetOf(name: string | undefined): Target {
  const names = TARGETS.map((target) => target.name);
  const target = TARGETS.find((target) => target.name === name);
  if (target !== undefined) return target;
  const meant = name === undefined ? undefined : nearest(name, names);
  throw new Fault(
    'RG_USAGE',
    2,
    name === undefined
      ? 'which target?'
      : `there is no target ${name}${meant === undefined ? '' : `. Did you mean ${meant}?`}`,
    { hint: `There are: ${names.join(', ')} (rulesguard hook list)` },
  );
}

/** How hooks are made on this host. */
export function makingOf({ vetoFlushAll }: TargetArgs): Making {
  return { program: findProgram(), vetoFlushAll: vetoFlushAll === true };
}

/** Hooks run as root: nobody else should be able to change what they run. */
export function noteOthersProgram({ program }: Making, { log }: Context): void {
  if (belongsToOthers(program))
    log.warn(
      `note: the hook runs ${program.path} as root, and that file is not root's alone. Better one that root has installed: sudo npm install -g ./rulesguard-VERSION.tgz`,
    );
}
