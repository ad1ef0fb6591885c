import { Fault } from '../fault.ts';
import { isDamage } from '../guard/finding.ts';
import type { Change } from '../system/foresee.ts';
import { launch } from '../system/launch.ts';
import { look } from '../system/look.ts';
import type { Context, Exit } from './context.ts';
import { openMeasure } from './measure.ts';
import { restoreNow } from './restore.ts';
import { takeSnapshot } from './snapshot.ts';
import { KEPT } from './verbs.ts';

const MEASURE = { baseline: undefined, source: 'both' } as const;

/**
 * Records the present state, runs the command, and mends what it broke. Without a sound state to record it goes by the
 * Engine and the last baseline.
 *
 * @param policies - whether FORWARD's policies are set back too
 * @returns the command's own exit code; 1 when it was content and Docker's rules could not be mended whole
 */
export async function runRepaired(change: Change, policies: boolean, context: Context): Promise<Exit> {
  const isFresh = await recordNow(context);
  const exit = await launch(change.words, change.input);
  const seen = await look(await openMeasure(MEASURE, context)).catch((error: unknown) => {
    // Neither a record nor an Engine: there was nothing of Docker's to guard.
    if (error instanceof Fault && error.code === 'RG_NO_BASELINE') return undefined;
    throw error;
  });
  if (seen?.findings.some(isDamage) !== true) return exit;
  const { stateDir, runDir, waitSeconds } = context;
  const restored = await restoreNow(
    MEASURE,
    // What was recorded seconds ago holds, whether an Engine says so or not.
    { policies: policies ? 'restore' : 'leave', unvouched: isFresh },
    { stateDir, runDir, waitSeconds, rehearse: true },
    context,
  );
  return exit === 0 ? restored.exit : exit;
}

/** Records the present state if it is sound; says why not otherwise. */
async function recordNow(context: Context): Promise<boolean> {
  try {
    await takeSnapshot(
      { force: undefined, repairFirst: undefined, ifChanged: true, keep: KEPT },
      { ...context, print: () => undefined },
    );
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code !== 'RG_NO_DOCKER_RULES')
      context.log.warn(
        `note: not recorded before the change: ${error.message}; what is mended afterwards goes by the Engine and the last baseline`,
      );
    return false;
  }
}
