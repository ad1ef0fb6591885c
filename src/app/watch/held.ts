import { Fault } from '../../fault.ts';
import type { Writer } from '../ports.ts';

/** What may keep watch from writing. */
interface Holders {
  /** The pause that was asked for. @throws Fault where that cannot be read */
  readonly pause: () => Promise<{ readonly until: string; readonly by: string } | undefined>;
  /** What switched automatic writes off. @throws Fault where the configuration cannot be read */
  readonly off: () => Promise<string | undefined>;
}

/**
 * What keeps watch from writing, for people; undefined where nothing does. What cannot be read may say so too, and keeps it from writing, but not
 * from looking.
 */
export async function heldBy({ pause, off }: Holders): Promise<string | undefined> {
  try {
    const paused = await pause();
    if (paused !== undefined) return `paused until ${paused.until} by ${paused.by}`;
    const by = await off();
    return by === undefined ? undefined : `automatic writes are switched off (${by})`;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `nothing is repaired while this cannot be read: ${error.message}`;
  }
}

/** @throws Fault RG_BUSY where something keeps watch from writing */
export async function refuseWhile(held: () => Promise<string | undefined>): Promise<void> {
  const why = await held();
  if (why !== undefined) throw new Fault('RG_BUSY', 4, `nothing was written: ${why}`);
}

/**
 * A host on which nothing is written once something keeps watch from it: what was free before the lock was waited for may not be any more.
 *
 * @param held - why nothing may be written now
 */
export const writesUnless = <H extends Pick<Writer, 'writeRules' | 'writeTables'>>(
  host: H,
  held: () => Promise<string | undefined>,
): H => ({
  ...host,
  writeRules: async (...what) => {
    await refuseWhile(held);
    return host.writeRules(...what);
  },
  writeTables: async (text) => {
    await refuseWhile(held);
    return host.writeTables(text);
  },
});
