import { rm, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { thisLogin } from '../../host/command/login.ts';
import { bootId } from '../../host/command/who.ts';
import { makePrivateFolder } from '../../host/files/files.ts';
import { nextId } from '../../host/files/numbered.ts';
import { isAtWork } from '../../host/pending/at-work.ts';
import { listPending, moveTo, pendingFolder, pendingPath, prunePending } from '../../host/pending/files.ts';
import {
  isHere,
  isOfThisBoot,
  ownNetwork,
  readAll,
  readPending,
  writePending,
  type Pending,
} from '../../host/pending/read.ts';
import { saveState } from '../../host/pending/saved-state.ts';
import { startTimer, stopTimer } from '../../host/pending/timer.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { withLock } from '../../host/state/lock.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import type { PendingHost, PendingRecords } from './ports.ts';

/** The records of changes in this host's state folder. */
export const realPendingRecords = (options: HostOptions): PendingRecords => ({
  readPending: (id) => readPending(id, options),
  writePending: (pending) => writePending(pending, options),
  moveTo: (pending, state) => moveTo(pending, state, options),
  isHere,
  isOfThisBoot,
});

/** This host: its records of changes, their timers, its lock and its clock. */
export function realPendingHost(options: HostOptions): PendingHost {
  const { stateDir, runDir, waitSeconds } = options;
  return {
    ...realPendingRecords(options),
    now: REAL_OBSERVER.now,
    sleep: REAL_OBSERVER.sleep,
    uptime,
    withLock: (work) => withLock(runDir, waitSeconds, work),
    readAll: () => readAll(options),
    listPending: () => listPending(options),
    readPlace: async () => ({ boot: await bootId(), network: await ownNetwork() }),
    thisLogin,
    saveState,
    create: async (change) => {
      await makePrivateFolder(stateDir);
      await makePrivateFolder(pendingFolder(stateDir));
      const ids = (await listPending(options)).map((entry) => entry.id);
      const id = nextId(ids, change.created);
      const pending: Pending = { id, state: 'waiting', file: pendingPath(stateDir, id), change };
      await writePending(pending, options);
      return pending;
    },
    remove: ({ file }) => rm(file, { force: true }),
    prune: (keep) => prunePending(options, keep),
    startTimer: (id, seconds) => startTimer(id, seconds, options),
    stopTimer,
    isAtWork: (pending) => isAtWork(pending, options),
    changedAt: async ({ file }) => (await statOf(file))?.ctimeMs,
    revisionOf: async ({ file }) => (await statOf(file))?.ino,
    writtenAt: async (path) => (await statOf(path))?.mtimeMs,
  };
}

const statOf = (path: string) => stat(path).catch(() => undefined);
