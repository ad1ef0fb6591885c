import { rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, parseJson, readTrusted, writeAtomically } from '../files/files.ts';

/** Until when watch writes nothing, and who asked for that. */
export interface Pause {
  /** ISO 8601, UTC. */
  readonly until: string;
  readonly by: string;
}

/** In the folder of the lock: a reboot ends every pause. */
const pathOf = (runDir: string): string => join(runDir, 'watch-pause.json');

/** The pause that was asked for; undefined where none was, or it has passed. @param now - milliseconds since 1970. @throws Fault RG_UNSAFE_FILE */
export async function readPause(runDir: string, now: number): Promise<Pause | undefined> {
  if (!existsSync(pathOf(runDir))) return undefined;
  const { until, by } = (parseJson(await readTrusted(pathOf(runDir), 'note of a pause')) ?? {}) as Partial<
    Record<keyof Pause, unknown>
  >;
  if (typeof until !== 'string' || typeof by !== 'string' || !(Date.parse(until) > now)) return undefined;
  return { until, by };
}

/** Notes a pause. @throws Fault RG_UNSAFE_FILE */
export async function writePause(runDir: string, pause: Pause): Promise<void> {
  await makePrivateFolder(runDir);
  await writeAtomically(pathOf(runDir), `${JSON.stringify(pause)}\n`, { durable: false });
}

/** Ends a pause. */
export async function endPause(runDir: string): Promise<void> {
  await rm(pathOf(runDir), { force: true });
}
