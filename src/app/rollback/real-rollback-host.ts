import { run } from '../../host/command/command.ts';
import { withSignalsHeld } from '../../host/command/signals.ts';
import { askEngineState } from '../../host/engine/ask.ts';
import { editedTables } from '../../host/pending/docker-tables.ts';
import { load } from '../../host/pending/load.ts';
import { rollBackNative, rollBackSets } from '../../host/pending/native.ts';
import { rulesOf } from '../../host/pending/saved-state.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { withLock } from '../../host/state/lock.ts';
import { usualVariant } from '../../host/xtables/kernel.ts';
import { hasLegacyTables } from '../../host/xtables/legacy-tables.ts';
import { realBaselines } from '../real-baselines.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import { realPendingRecords } from './real-pending-host.ts';
import type { RollbackHost } from './rollback.ts';

/** This host: its rules, sets and tables, Engine, records of changes, lock and system log. */
export function realRollbackHost(options: HostOptions): RollbackHost {
  const { stateDir, runDir, waitSeconds } = options;
  return {
    ...realPendingRecords(options),
    sleep: REAL_OBSERVER.sleep,
    askEngine: askEngineState,
    openBaseline: realBaselines(stateDir).open,
    usualVariant,
    hasLegacyTables,
    rulesOf,
    withLock: (work) => withSignalsHeld(() => withLock(runDir, waitSeconds, work)),
    loadSets: rollBackSets,
    loadRules: (wanted, within) => load(wanted, within, waitSeconds),
    editTables: editedTables,
    loadNative: rollBackNative,
    log: async (priority, text) => {
      await run(['logger', '-t', 'rulesguard', '-p', `daemon.${priority}`, '--', text], { timeout: 5_000 });
    },
  };
}
