import { Fault } from '../../fault.ts';

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
