import type { PendingHost } from '../../../src/app/rollback/ports.ts';
import { Fault } from '../../../src/fault.ts';
import type { PendingState } from '../../../src/reconcile/pending-state.ts';
import type { Pending } from '../../../src/host/pending/read.ts';

/** A host in memory that keeps records of changes. Its clocks stand still until something sleeps or a test moves them. */
export interface MemoryPendingHost extends PendingHost {
  readonly records: Map<string, Pending>;
  /** Ids of changes whose timer runs. */
  readonly timers: Set<string>;
  /** What was done to it, in order. */
  readonly done: string[];
  /** Seconds since it was booted. */
  seconds: number;
}

/** What goes otherwise than it should. */
export interface PendingTroubles {
  readonly noTimer?: boolean;
  readonly diskFull?: boolean;
  readonly damaged?: Fault;
  /** Somebody is rolling back what is overdue. */
  readonly atWork?: boolean;
  /** Whose login this process has: the number of the session. */
  readonly session?: number;
  readonly network?: string;
  /** A file that was written in this millisecond since 1970. */
  readonly written?: readonly [path: string, time: number];
}

const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const ENDED: readonly PendingState[] = ['rolled-back', 'rebooted', 'confirmed'];

/** Makes such a host, booted as `this`, in the network namespace `net:[1]`. */
export function memoryPendingHost(
  records: readonly Pending[] = [],
  troubles: PendingTroubles = {},
): MemoryPendingHost {
  const { noTimer, diskFull, damaged, atWork, session = 7, network = 'net:[1]', written } = troubles;
  const full = new Fault('RG_UNSAFE_FILE', 3, 'no space left on device');
  let revision = 0;
  const changed = new Map<string, { readonly revision: number; readonly time: number }>();
  const put = (pending: Pending): void => {
    host.records.set(pending.id, pending);
    changed.set(pending.id, { revision: ++revision, time: host.now() });
  };
  const host: MemoryPendingHost = {
    records: new Map(),
    timers: new Set(),
    done: [],
    seconds: 40,
    now: () => BEGIN + host.seconds * 1000,
    sleep: (milliseconds) => {
      host.seconds += milliseconds / 1000;
      return Promise.resolve();
    },
    uptime: () => host.seconds,
    withLock: async (work) => {
      host.done.push('lock');
      return work().finally(() => host.done.push('unlock'));
    },
    readAll: () => {
      const all = [...host.records.values()];
      const open = all.filter(({ state }) => !ENDED.includes(state));
      return Promise.resolve({
        open: open.filter(({ change }) => change.boot === 'this'),
        ended: all.findLast(({ state }) => ENDED.includes(state)),
        rebooted: open.filter(({ change }) => change.boot !== 'this'),
        damaged: damaged === undefined ? [] : [damaged],
      });
    },
    listPending: () => Promise.resolve([...host.records.values()]),
    readPending: (id) => Promise.resolve(host.records.get(id)),
    writePending: (pending) => {
      if (diskFull === true) return Promise.reject(full);
      put(pending);
      return Promise.resolve();
    },
    moveTo: (pending, state) => {
      const isThere = host.records.get(pending.id)?.state === pending.state;
      if (isThere) put({ ...pending, state });
      host.done.push(state);
      return Promise.resolve(isThere);
    },
    isHere: ({ change }) => Promise.resolve(change.network === network),
    isOfThisBoot: ({ change }) => Promise.resolve(change.boot === 'this'),
    readPlace: () => Promise.resolve({ boot: 'this', network }),
    thisLogin: () => ({ user: 'root', terminal: null, uid: 0, session, sudo: null, shell: null }),
    saveState: () => {
      host.done.push('save');
      return Promise.resolve({ variants: [], sets: null, native: null });
    },
    create: (change) => {
      if (diskFull === true) return Promise.reject(full);
      const id = `00000${String(host.records.size + 1)}-20260101T000000Z`;
      const pending: Pending = { id, state: 'waiting', file: `/pending/${id}.json`, change };
      put(pending);
      host.done.push('record');
      return Promise.resolve(pending);
    },
    remove: ({ id }) => {
      host.records.delete(id);
      return Promise.resolve();
    },
    prune: () => Promise.resolve(),
    startTimer: (id) => {
      if (noTimer === true)
        return Promise.reject(new Fault('RG_PENDING', 1, 'the timer could not be started'));
      host.timers.add(id);
      host.done.push('timer');
      return Promise.resolve();
    },
    stopTimer: (id) => {
      host.timers.delete(id);
      return Promise.resolve();
    },
    isAtWork: () => Promise.resolve(atWork === true),
    changedAt: ({ id }) => Promise.resolve(changed.get(id)?.time),
    revisionOf: ({ id }) => Promise.resolve(changed.get(id)?.revision),
    writtenAt: (path) => Promise.resolve(path === written?.[0] ? written[1] : undefined),
  };
  for (const pending of records) put(pending);
  return host;
}
