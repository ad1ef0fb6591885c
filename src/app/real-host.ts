import { withSignalsHeld } from '../host/command/signals.ts';
import { thisHost, whoAsked } from '../host/command/who.ts';
import type { HostOptions } from '../host/state/host-options.ts';
import { beginEntry, endEntry, journalFolder, listJournal, readEntry } from '../host/state/journal.ts';
import { withLock } from '../host/state/lock.ts';
import { readPlanFile, writePlanFile } from '../host/state/plan-file.ts';
import { toolVersion, usualVariant } from '../host/xtables/kernel.ts';
import { rehearsePlan, writeRules } from '../host/xtables/rehearse-plan.ts';
import type { Host } from './ports.ts';
import { realBaselines } from './real-baselines.ts';
import { REAL_OBSERVER } from './real-observer.ts';

/** This host, with its rules, Engine, state folder and lock. */
export function realHost({ stateDir, runDir, waitSeconds }: HostOptions): Host {
  return {
    ...REAL_OBSERVER,
    rehearse: rehearsePlan,
    writeRules: (family, variant, input) => writeRules(family, variant, input, waitSeconds),
    rehearseTables: async (plans, live) =>
      (await import('../host/nft/rehearse-tables.ts')).rehearseTables(plans, live),
    writeTables: async (text) => (await import('../host/nft/write-tables.ts')).writeTransaction(text),
    listTables: async (names) => (await import('../host/nft/write-tables.ts')).listTables(names),
    withSignalsHeld,
    dropFlows: async (ports) => (await import('../host/conntrack/drop-flows.ts')).dropFlows(ports),
    countStuck: async (ports, subnets) =>
      (await import('../host/conntrack/stuck-flows.ts')).countStuck(ports, subnets),
    host: thisHost,
    asked: whoAsked,
    journal: {
      folder: journalFolder(stateDir),
      list: () => listJournal(stateDir),
      read: (id) => readEntry(stateDir, id),
      begin: (entry) => beginEntry(stateDir, entry),
      end: (id, entry) => endEntry(stateDir, id, entry),
    },
    baselines: realBaselines(stateDir),
    withLock: (work) => withLock(runDir, waitSeconds, work),
    readPlanFile,
    writePlanFile,
    toolVersion,
    usualVariant,
  };
}
