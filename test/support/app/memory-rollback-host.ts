import type { RollbackHost } from '../../../src/app/rollback/rollback.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import { Fault } from '../../../src/fault.ts';
import type { HostRules, Variant } from '../../../src/firewall/iptables/text/model.ts';
import { printRuleset } from '../../../src/firewall/iptables/text/print.ts';
import type { PendingState } from '../../../src/reconcile/pending-state.ts';
import type { Pending } from '../../../src/host/pending/read.ts';
import { rulesOf } from '../../../src/host/pending/saved-state.ts';
import { tablesAfter } from '../../../src/reconcile/tables/side.ts';
import type { NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import type { StoredBaseline } from '../../../src/reconcile/stored-baseline.ts';

/** A host in memory on which one change waits: what is loaded replaces what was in force. */
export interface MemoryRollbackHost extends RollbackHost {
  pending: Pending | undefined;
  engine: EngineReply;
  /** Each variant's rules, once they were loaded. */
  readonly loaded: Map<Variant, HostRules>;
  /** What was done to it, in order. */
  readonly done: string[];
  /** Milliseconds. */
  now: number;
  /** Docker's own tables as they were recorded, and as they should be now: undefined unless that was asked. */
  recordedTables: readonly NftTable[];
  wantedTables: readonly NftTable[] | undefined;
}

/** What goes otherwise than it should. */
export interface RollbackTroubles {
  readonly stored?: StoredBaseline;
  readonly legacyTables?: boolean;
  readonly elsewhere?: boolean;
  readonly rebooted?: boolean;
  /** While the rules are loaded, for the n-th time from 1; may throw. */
  readonly whileLoading?: (host: MemoryRollbackHost, time: number) => void;
  /** Why the record can neither be renamed nor marked. */
  readonly unmovable?: boolean;
  /** Somebody settles it before it can be moved. */
  readonly settledBy?: PendingState;
  readonly diskFull?: boolean;
}

/** A change that waits, made while these rules were in force. */
export const waiting = (rules: HostRules, state: PendingState = 'waiting'): Pending => ({
  id: '000001-20260101T000000Z',
  state,
  file: '/pending/000001.json',
  change: {
    version: 1,
    ...{ created: '2026-01-01T00:00:00Z', boot: 'this', network: 'net:[1]', what: 'ufw enable' },
    ...{ seconds: 60, deadline: 100, until: '2026-01-01T00:01:00Z' },
    by: { uid: 0 } as unknown as Pending['change']['by'],
    record: {
      variants: [
        {
          variant: 'nft',
          ipv4: printRuleset(rules.ipv4, 'counters'),
          ipv6: printRuleset(rules.ipv6, 'counters'),
        },
      ],
      sets: null,
      native: null,
    },
  },
});

/** Makes such a host. */
export function memoryRollbackHost(
  pending: Pending | undefined,
  engine: EngineReply,
  troubles: RollbackTroubles = {},
): MemoryRollbackHost {
  const { stored, legacyTables, elsewhere, rebooted, whileLoading, unmovable, settledBy, diskFull } =
    troubles;
  const done: string[] = [];
  let loads = 0;
  const host: MemoryRollbackHost = {
    pending,
    engine,
    loaded: new Map(),
    done,
    now: 0,
    recordedTables: [],
    wantedTables: undefined,
    sleep: (milliseconds) => {
      host.now += milliseconds;
      return Promise.resolve();
    },
    askEngine: () => Promise.resolve(host.engine),
    openBaseline: () =>
      stored === undefined
        ? Promise.reject(new Fault('RG_NO_BASELINE', 3, 'no baseline has been recorded'))
        : Promise.resolve(stored),
    usualVariant: () => Promise.resolve('nft'),
    rulesOf,
    hasLegacyTables: () => Promise.resolve(legacyTables === true),
    withLock: async (work) => {
      done.push('lock');
      return work().finally(() => done.push('unlock'));
    },
    readPending: () => Promise.resolve(host.pending),
    writePending: (written) => {
      if (diskFull === true) return Promise.reject(new Error('no space left on device'));
      host.pending = written;
      return Promise.resolve();
    },
    moveTo: (moved, state) => {
      if (unmovable === true) return Promise.reject(new Error('read-only file system'));
      if (settledBy !== undefined) {
        host.pending = { ...moved, state: settledBy };
        return Promise.resolve(false);
      }
      done.push(state);
      host.pending = { ...moved, state };
      return Promise.resolve(true);
    },
    isHere: () => Promise.resolve(elsewhere !== true),
    isOfThisBoot: () => Promise.resolve(rebooted !== true),
    loadSets: () => {
      done.push('sets');
      return Promise.resolve();
    },
    loadRules: async ({ variant, rules }) => {
      await Promise.resolve();
      whileLoading?.(host, ++loads);
      done.push(variant);
      host.loaded.set(variant, rules);
    },
    editTables: (recorded, plansOf) => {
      const plans = plansOf(host.recordedTables);
      host.wantedTables = tablesAfter(plans, host.recordedTables);
      return Promise.resolve(recorded);
    },
    loadNative: () => {
      done.push('native');
      return Promise.resolve();
    },
    log: (priority, text) => {
      done.push(`${priority}: ${text}`);
      return Promise.resolve();
    },
  };
  return host;
}
