import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Fault } from '../../fault.ts';

/** Bytes: a save of 50,000 rules has 5 million. Text is held in memory more than once. */
export const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Reads a file that the user names: a plain file of at most 64 MiB. A pipe could block its reader for ever, and a device
 * has no end.
 *
 * @param what - what it is to the reader, for the fault
 * @returns latin1, one character a byte
 * @throws Fault RG_REFUSED_INPUT (exit 3)
 */
export async function readBounded(path: string, what: string): Promise<string> {
  const refuse = (why: string): never => {
    throw new Fault('RG_REFUSED_INPUT', 3, `the ${what} ${path} cannot be read`, {
      details: [why],
      hint: 'Name a plain file. What a command prints goes into one first: COMMAND > FILE',
    });
  };
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) =>
    refuse(error instanceof Error ? error.message : String(error)),
  );
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return refuse('it is no plain file');
    if (stats.size > MOST_BYTES) return refuse(`it is larger than ${String(MOST_BYTES)} bytes`);
    return await file.readFile('latin1');
  } finally {
    await file.close();
  }
}
