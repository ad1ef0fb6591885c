import { Fault } from '../fault.ts';
import { isDamage } from '../guard/finding.ts';
import { isHurt, type Harm } from '../guard/harm.ts';
import { harmText } from '../report/forecast-text.ts';
import { harmDone, type Change, type Ground } from '../system/foresee.ts';
import { launch } from '../system/launch.ts';
import { look } from '../system/look.ts';
import type { Planning } from '../system/repair.ts';
import type { Context, Exit } from './context.ts';
import { commandLine } from '../shell.ts';
import { shown } from './forecast.ts';
import { BY_BOTH, openMeasure } from './measure.ts';
import { restoreNow } from './restore.ts';
import type { RunArgs } from './run.ts';
import { snapshotIfChanged } from './snapshot.ts';

/**
 * Records the present state, runs the command, and mends what it broke. Without a sound state to record it goes by the
 * Engine and the last baseline.
 *
 * @param ground - the rules before it
 * @returns the command's own exit code; 1 when it was content and Docker's rules could not be mended whole
 */
export async function runRepaired(
  change: Change,
  ground: Ground,
  { policies, all }: Pick<RunArgs, 'policies' | 'all'>,
  context: Context,
): Promise<Exit> {
  const isFresh = await recordNow(context);
  const exit = await launch(change.words, change.input);
  const mended = await mend(policies === true ? 'restore' : 'leave', isFresh, context);
  // A rule of others in front of Docker's, or in the other backend, is not ours to take away.
  const left: Harm = { findings: [], shadows: (await harmDone(ground)).shadows };
  if (isHurt(left)) context.print(harmText(left, commandLine(change.words), context.paint, shown(all)));
  const isWhole = mended && !isHurt(left);
  return exit === 0 && !isWhole ? 1 : exit;
}

/** Mends what is damaged now. Returns whether all of it could be. */
async function mend(policies: Planning['policies'], isFresh: boolean, context: Context): Promise<boolean> {
  const seen = await look(await openMeasure(BY_BOTH, context)).catch((error: unknown) => {
    // Neither a record nor an Engine: there was nothing of Docker's to guard.
    if (error instanceof Fault && error.code === 'RG_NO_BASELINE') return undefined;
    throw error;
  });
  if (seen?.findings.some(isDamage) !== true) return true;
  const { stateDir, runDir, waitSeconds } = context;
  const { exit } = await restoreNow(
    BY_BOTH,
    // What was recorded seconds ago holds, whether an Engine says so or not.
    { policies, unvouched: isFresh },
    { stateDir, runDir, waitSeconds, rehearse: true },
    context,
  );
  return exit === 0;
}

/** Records the present state if it is sound; says why not otherwise. */
async function recordNow(context: Context): Promise<boolean> {
  try {
    await snapshotIfChanged({ ...context, print: () => undefined });
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
