import { rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../docker/inventory/inventory.ts';
import { bootId } from '../command/who.ts';
import { makePrivateFolder, parseJson, readTrusted, writeAtomically } from '../files/files.ts';
import { uptimeNow } from './announcements.ts';

/** Until when watch writes nothing, and who asked for that. */
export interface Pause {
  /** ISO 8601, UTC, by the clock as it is set now. */
  readonly until: string;
  readonly by: string;
}

/** The clocks that a pause is measured by. */
export interface PauseClocks {
  /** Milliseconds since 1970: somebody may set it while a pause lasts. */
  readonly now: number;
  /** Milliseconds since the machine started: nobody sets it, and it goes on while the machine sleeps. */
  readonly uptime: number;
  /** As `bootId`; undefined where it cannot be read. */
  readonly boot: string | undefined;
}

/** As a pause is noted. Only `until` and `by` are in notes of old. */
interface NotedPause extends Pause {
  readonly milliseconds: number;
  /** By the uptime of this boot. */
  readonly ends: number;
  readonly boot?: string | undefined;
}

/** In the folder of the lock, normally in memory: a reboot ends every pause then. */
const pathOf = (runDir: string): string => join(runDir, 'watch-pause.json');

/** The clocks of this machine. */
export const clocksNow = async (): Promise<PauseClocks> => ({
  boot: await bootId().catch(() => undefined),
  now: Date.now(),
  uptime: uptimeNow(),
});

/** The pause that was asked for; undefined where none was, or it has passed. @throws Fault RG_UNSAFE_FILE */
export async function readPause(
  runDir: string,
  clocks: () => Promise<PauseClocks> = clocksNow,
): Promise<Pause | undefined> {
  if (!existsSync(pathOf(runDir))) return undefined;
  const noted = parseJson(await readTrusted(pathOf(runDir), 'note of a pause'));
  return isRecord(noted) ? pauseAt(noted, await clocks()) : undefined;
}

/** Notes a pause of so many milliseconds. @returns until when it lasts. @throws Fault RG_UNSAFE_FILE */
export async function writePause(
  runDir: string,
  milliseconds: number,
  by: string,
  clocks: () => Promise<PauseClocks> = clocksNow,
): Promise<string> {
  const { now, uptime, boot } = await clocks();
  const until = new Date(now + milliseconds).toISOString();
  const noted: NotedPause = { until, by, milliseconds, ends: uptime + milliseconds, boot };
  await makePrivateFolder(runDir);
  await writeAtomically(pathOf(runDir), `${JSON.stringify(noted)}\n`, { durable: false });
  return until;
}

/** Ends a pause. */
export async function endPause(runDir: string): Promise<void> {
  await rm(pathOf(runDir), { force: true });
}

/** How exactly the end of a pause is told where the clock was set: milliseconds. Whoever tells of a change of it would tell each time otherwise. */
const TOLD_TO = 10_000;

/**
 * What is left of a pause. In the boot it was asked for it lasts as long as was asked for, wherever the clock is set. After another boot, with a
 * folder that outlives one, only the clock can tell; set back, it makes no pause longer than was asked for.
 */
function pauseAt(
  { until, by, milliseconds, ends, boot }: Readonly<Record<string, unknown>>,
  { now, uptime, boot: ours }: PauseClocks,
): Pause | undefined {
  if (typeof until !== 'string' || typeof by !== 'string') return undefined;
  const byClock = Date.parse(until);
  if (typeof milliseconds !== 'number' || typeof ends !== 'number' || boot !== ours || ours === undefined) {
    const longest = typeof milliseconds === 'number' ? milliseconds : Infinity;
    return byClock > now && byClock - now <= longest ? { until, by } : undefined;
  }
  if (!(ends > uptime)) return undefined;
  const moved = Math.round((now + ends - uptime - byClock) / TOLD_TO) * TOLD_TO;
  return { until: new Date(byClock + moved).toISOString(), by };
}
