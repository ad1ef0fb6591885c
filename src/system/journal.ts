import { join } from 'node:path';
import { Fault } from '../fault.ts';
import type { JournalEntry } from '../guard/journal.ts';
import { validate as validateEntry } from '../generated/journal.js';
import { makePrivateFolder, parseJson, readTrusted, writeAtomically } from './files.ts';
import { listNumbered, nextId, numberedPath, pruneNumbered } from './numbered.ts';
import { schemaErrors } from './sealed.ts';

const SCHEMA = 'https://rulesguard.dev/schemas/journal.schema.json';
const KEPT = 100;

const folderOf = (stateDir: string): string => join(stateDir, 'journal');

/** The ids of all journal entries, the oldest first. */
export function listJournal(stateDir: string): Promise<readonly string[]> {
  return listNumbered(folderOf(stateDir));
}

/** Writes a new entry and returns its id; keeps the newest hundred. */
export async function beginEntry(stateDir: string, entry: JournalEntry): Promise<string> {
  await makePrivateFolder(folderOf(stateDir));
  const id = nextId(await listJournal(stateDir), entry.created);
  await writeEntry(stateDir, id, entry);
  await pruneNumbered(folderOf(stateDir), KEPT);
  return id;
}

/** Writes an entry anew, with what became of it. */
export async function writeEntry(stateDir: string, id: string, entry: JournalEntry): Promise<void> {
  await writeAtomically(
    numberedPath(folderOf(stateDir), id),
    `${JSON.stringify({ $schema: SCHEMA, ...entry })}\n`,
  );
}

/** Reads one entry back, judged like a baseline: root is about to act on it. */
export async function readEntry(stateDir: string, id: string): Promise<JournalEntry> {
  const path = numberedPath(folderOf(stateDir), id);
  const document = parseJson(await readTrusted(path, 'journal entry'));
  if (!validateEntry(document)) {
    throw new Fault('RG_PLAN', 3, `the journal entry ${path} is not used: it does not fit its schema`, {
      hint: `Look at it; if it is broken, put it out of the way: mv ${path} ${path}.broken`,
      details: schemaErrors(validateEntry),
    });
  }
  return document as JournalEntry;
}
