import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { JournalEntry } from '../../reconcile/journal.ts';
import { validate as validateEntry } from '../../generated/journal.js';
import { digestOf } from '../../digest.ts';
import { makePrivateFolder, parseJson, readTrusted, writeAtomically } from '../files/files.ts';
import { listNumbered, nextId, numberedPath, pruneNumbered } from '../files/numbered.ts';
import { isOwnSeal, sealOf } from '../files/own-seal.ts';
import { schemaErrors } from '../files/sealed.ts';
import { systemFault } from '../files/system-fault.ts';

const SCHEMA = 'https://rulesguard.dev/schemas/journal.schema.json';
const KEPT = 100;

/** The folder of the journal below the state folder. */
export const journalFolder = (stateDir: string): string => join(stateDir, 'journal');

/** The ids of all journal entries, the oldest first. */
export function listJournal(stateDir: string): Promise<readonly string[]> {
  return listNumbered(journalFolder(stateDir));
}

/** Where an entry is kept, or why it is not: the rules must come back on a full disk too. */
export type Noted = { readonly id: string } | { readonly id: undefined; readonly why: string };

/**
 * Writes a new entry.
 *
 * @throws Fault RG_UNSAFE_FILE when somebody else may have a hand in the journal, not when the system cannot write it
 */
export async function beginEntry(stateDir: string, entry: JournalEntry): Promise<Noted> {
  const noted = await unlessUnwritable(async () => {
    await makePrivateFolder(journalFolder(stateDir));
    const id = nextId(await listJournal(stateDir), entry.created);
    // Rules do not outlive the machine: what a power cut takes of this entry it takes of what it speaks of.
    await writeEntry(stateDir, id, entry, { durable: false });
    return id;
  });
  return typeof noted === 'string' ? { id: noted } : { id: undefined, why: noted.message };
}

/** Writes what became of an entry, if that can be, and keeps the newest hundred. Returns why not. The entry says `begun` then, and can be undone. */
export async function endEntry(
  stateDir: string,
  id: string,
  entry: JournalEntry,
): Promise<string | undefined> {
  const noted = await unlessUnwritable(() => writeEntry(stateDir, id, entry));
  // Too many entries are no trouble.
  await pruneNumbered(journalFolder(stateDir), KEPT).catch(() => undefined);
  return noted instanceof Fault ? noted.message : undefined;
}

/** What the system refused comes back as a value; what rulesguard refuses is thrown. */
async function unlessUnwritable<T>(work: () => Promise<T>): Promise<T | Fault> {
  try {
    return await work();
  } catch (error) {
    const fault = error instanceof Fault ? error : systemFault(error);
    if (fault !== undefined && systemFault(fault.cause) !== undefined) return fault;
    throw error;
  }
}

/** Writes an entry again, with what became of it. */
export async function writeEntry(
  stateDir: string,
  id: string,
  entry: JournalEntry,
  how: { readonly durable?: boolean } = {},
): Promise<void> {
  const seal = await sealOf(stateDir, digestOf(JSON.stringify(entry)));
  await writeAtomically(
    numberedPath(journalFolder(stateDir), id),
    `${JSON.stringify({ $schema: SCHEMA, seal, ...entry })}\n`,
    how,
  );
}

/**
 * Reads one entry back, judged like a baseline: root is about to act on it. What it says was deleted would be written, so it
 * must be this host's own.
 *
 * @throws Fault RG_UNSAFE_FILE or RG_PLAN
 */
export async function readEntry(stateDir: string, id: string): Promise<JournalEntry> {
  const path = numberedPath(journalFolder(stateDir), id);
  const refuse = (why: string, details: readonly string[] = []): never => {
    throw new Fault('RG_PLAN', 3, `the journal entry ${path} is not used: ${why}`, {
      hint: `Look at it, then put it out of the way: mv ${path} ${path}.broken`,
      details,
    });
  };
  const document = parseJson(await readTrusted(path, 'journal entry'));
  if (!validateEntry(document)) return refuse('it does not fit its schema', schemaErrors(validateEntry));
  const {
    $schema: _,
    seal,
    ...entry
  } = document as JournalEntry & {
    readonly $schema: string;
    readonly seal?: string;
  };
  if (!(await isOwnSeal(stateDir, digestOf(JSON.stringify(entry)), seal)))
    return refuse('nothing proves that it was written on this host, and as it is now');
  return entry;
}
