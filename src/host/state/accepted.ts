import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import { validate } from '../../generated/accepted.js';
import type { Acceptance } from '../../reconcile/accept/acceptance.ts';
import { makePrivateFolder } from '../files/files.ts';
import { readSealed, writeSealed, type Refuse } from '../files/sealed.ts';

const SCHEMA = 'https://rulesguard.dev/schemas/accepted.schema.json';

/** Where accepted findings are kept. */
const acceptedPath = (stateDir: string): string => join(stateDir, 'accepted.json');

/**
 * What was accepted, the oldest first, those of days that have passed too; empty where nothing ever was.
 *
 * @throws Fault RG_UNSAFE_FILE, or RG_ACCEPTED for a file that this host did not write, or not as it is now
 */
export async function readAccepted(stateDir: string): Promise<readonly Acceptance[]> {
  const path = acceptedPath(stateDir);
  if (!existsSync(path)) return [];
  const refuse: Refuse = (message, details = []) => {
    throw new Fault('RG_ACCEPTED', 3, `what was accepted is not used (${path}): ${message}`, {
      details,
      hint: `Look at it, then put it out of the way: mv ${path} ${path}.broken`,
    });
  };
  const { content, own } = await readSealed(path, 'list of accepted findings', validate, refuse, stateDir);
  // A file that others could forge would hide whatever they like.
  if (!own) return refuse('nothing proves that it was written on this host, and as it is now');
  return (content as { readonly accepted: readonly Acceptance[] }).accepted;
}

/** Replaces what was accepted. */
export async function writeAccepted(stateDir: string, accepted: readonly Acceptance[]): Promise<void> {
  await makePrivateFolder(stateDir);
  await writeSealed(acceptedPath(stateDir), SCHEMA, { version: 1, accepted }, 1, stateDir);
}
