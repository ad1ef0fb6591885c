import { listNumbered, pruneNumbered } from '../host/files/numbered.ts';
import { readDeclared } from '../host/state/declared.ts';
import { listJournal, readEntry } from '../host/state/journal.ts';
import { baselineFolder, openBaseline, openBaselineByDigest, writeBaseline } from '../host/state/store.ts';
import { lastTablesRepair } from './observe/last-repair.ts';
import type { Baselines } from './ports.ts';

/** The baselines in a state folder. */
export function realBaselines(stateDir: string): Baselines {
  return {
    list: () => listNumbered(baselineFolder(stateDir)),
    open: (which) => openBaseline(stateDir, which),
    openByDigest: (digest, which) => openBaselineByDigest(stateDir, digest, which),
    write: (baseline) => writeBaseline(stateDir, baseline),
    readDeclared,
    lastTablesRepair: () =>
      lastTablesRepair({ list: () => listJournal(stateDir), read: (id) => readEntry(stateDir, id) }),
    prune: (keep) => pruneNumbered(baselineFolder(stateDir), keep),
  };
}
