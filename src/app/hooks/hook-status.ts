import type { Fired } from '../../hooks/fired.ts';
import { hookState, installedProgram, isInstalled, type HookStatus } from '../../hooks/plan.ts';
import type { Target } from '../../hooks/target.ts';
import type { HookHost } from './hook-host.ts';

/** Says of each target whether its hook is in place, whether it can run, and what became of its last run. */
export async function hookStatus(
  host: Pick<HookHost, 'now' | 'tree' | 'isThisHost' | 'program' | 'tryProgram' | 'readFired'>,
  targets: readonly Target[],
): Promise<readonly HookStatus[]> {
  const { tree, program, readFired } = host;
  const tries = new Map<string, Promise<string | undefined>>();
  const troubleOf = (target: Target): Promise<string | undefined> | undefined => {
    const installed = host.isThisHost ? installedProgram(target, tree) : undefined;
    if (installed === undefined) return undefined;
    const key = JSON.stringify(installed);
    const tried = tries.get(key) ?? host.tryProgram(installed);
    tries.set(key, tried);
    return tried;
  };
  return Promise.all(
    targets.map(async (target) => {
      const fired = await readFired(target.name);
      return {
        target,
        installed: isInstalled(target, tree),
        hook: hookState(target, program, tree),
        trouble: await troubleOf(target),
        fired,
        ranSecondsAgo: sinceLast(fired, host.now()),
      };
    }),
  );
}

function sinceLast({ pre, post }: Partial<Fired> = {}, now: number): number | undefined {
  const ran = [pre, post].flatMap((half) => (half === undefined ? [] : [Date.parse(half.at)]));
  return ran.length === 0 ? undefined : (now - Math.max(...ran)) / 1000;
}
