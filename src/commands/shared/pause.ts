import { whoAsked } from '../../host/command/who.ts';
import { watchProcesses } from '../../host/service/watch-process.ts';
import { endPause, readPause, writePause } from '../../host/state/watch-pause.ts';
import { count } from '../../report/text.ts';
import type { Context } from '../context.ts';

/** Has watch repair nothing for so many milliseconds. @returns until when: ISO 8601, UTC. @throws Fault RG_UNSAFE_FILE */
export const pauseFor = (milliseconds: number, runDir: string): Promise<string> =>
  writePause(runDir, milliseconds, whoAsked().user);

/** Long enough to find out what the undone repair was good for. */
const MINUTES = 15;

/**
 * Takes a repair back where a watch runs: it is paused first, since in mode repair it would make the same repair again at once. Where the
 * work fails, the pause ends.
 *
 * @throws what the work throws
 */
export async function pausedWhile(
  { runDir, print }: Pick<Context, 'runDir' | 'print'>,
  work: () => Promise<unknown>,
): Promise<void> {
  if (!doesWatchRun() || (await readPause(runDir)) !== undefined) {
    await work();
    return;
  }
  await pauseFor(MINUTES * 60_000, runDir);
  try {
    await work();
  } catch (error) {
    await endPause(runDir);
    throw error;
  }
  print(
    `watch repairs nothing for ${count(MINUTES, 'minute')}. End that before: rulesguard watch --resume\n`,
  );
}

function doesWatchRun(): boolean {
  try {
    return watchProcesses().length > 0;
  } catch {
    return false;
  }
}
