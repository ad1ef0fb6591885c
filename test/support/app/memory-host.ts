import type { Host } from '../../../src/app/ports.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import { Fault } from '../../../src/fault.ts';
import type { Declaration } from '../../../src/firewall/iptables/desired/declared.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { ownBaseline } from '../../../src/firewall/iptables/desired/recorded-rules.ts';
import type { Plan } from '../../../src/firewall/iptables/plan/plan.ts';
import { simulate } from '../../../src/firewall/iptables/simulate/simulate.ts';
import type { PlanFile } from '../../../src/host/state/plan-file.ts';
import type { Family } from '../../../src/net/family.ts';
import type { JournalEntry } from '../../../src/reconcile/journal.ts';
import type { StoredBaseline } from '../../../src/reconcile/stored-baseline.ts';
import { liveOf } from '../recorded/observation.ts';

/** A host in memory: its rules are a value, writing is a simulation, and time passes only while somebody waits. */
export interface MemoryHost extends Host {
  rules: HostRules;
  engine: EngineReply;
  readonly entries: Map<string, JournalEntry>;
  /** The oldest first. */
  readonly stored: StoredBaseline[];
  readonly planFiles: Map<string, PlanFile>;
  /** What was done to it, in order: `lock`, `unlock`, `ask`, `rehearse`, `write ipv4 nat`, `await web`, `flows`. */
  readonly done: string[];
}

/** What happens to a host from outside, and what it refuses. */
export interface Circumstances {
  /** Clients of published UDP ports that docker-proxy answers although rules translate. */
  readonly stuck?: number;
  readonly baselines?: readonly StoredBaseline[];
  readonly declared?: Declaration;
  /** While the lock is waited for: what another rulesguard that holds it does. */
  readonly beforeLock?: (host: MemoryHost) => void | Promise<void>;
  /** Before the rules are read, for the n-th time from 1. */
  readonly beforeReading?: (host: MemoryHost, time: number) => void;
  /** Before Docker's own tables of nftables are listed. */
  readonly beforeListing?: (host: MemoryHost) => void;
  /** While a plan is rehearsed, for the n-th time from 1. */
  readonly whileRehearsing?: (host: MemoryHost, time: number, plan: Plan) => void;
  /** Before a family's rules are written, for the n-th time from 1. */
  readonly beforeWriting?: (host: MemoryHost, time: number) => void;
  /** Whether iptables-restore refuses a table; those before it are taken. */
  readonly refuses?: (family: Family, table: string, host: MemoryHost) => boolean;
  /** Once its rules were written, for the n-th time from 1. */
  readonly afterWriting?: (host: MemoryHost, time: number) => void;
  /** What happens by the clock, in milliseconds. */
  readonly at?: Readonly<Record<number, (host: MemoryHost) => void>>;
  /** How long the Engine has containers waited for, in milliseconds. */
  readonly containersTake?: number;
  /** Containers that are not running, by id. */
  readonly idle?: readonly string[];
  /** Why the journal takes no entry, or no outcome. */
  readonly journal?: { readonly begin?: string; readonly end?: string };
}

/** Makes a host of rules and an Engine's reply. The clock begins at 0. */
export function memoryHost(
  rules: HostRules,
  engine: EngineReply,
  circumstances: Circumstances = {},
): MemoryHost {
  const {
    beforeReading,
    whileRehearsing,
    beforeWriting,
    refuses,
    afterWriting,
    journal = {},
  } = circumstances;
  const entries = new Map<string, JournalEntry>();
  const stored = [...(circumstances.baselines ?? [])];
  const planFiles = new Map<string, PlanFile>();
  const done: string[] = [];
  let [now, readings, rehearsals, writes] = [0, 0, 0, 0];
  const pass = (milliseconds: number): void => {
    const until = now + milliseconds;
    for (const [at, happen] of Object.entries(circumstances.at ?? {}))
      if (Number(at) > now && Number(at) <= until) happen(host);
    now = until;
  };
  const read = () => {
    beforeReading?.(host, ++readings);
    return Promise.resolve(liveOf(host.rules));
  };
  const find = (matches: (one: StoredBaseline) => boolean): Promise<StoredBaseline> => {
    const found = stored.findLast(matches);
    return found === undefined
      ? Promise.reject(new Fault('RG_NO_BASELINE', 3, 'no baseline has been recorded'))
      : Promise.resolve(found);
  };
  const host: MemoryHost = {
    rules,
    engine,
    entries,
    stored,
    planFiles,
    done,
    now: () => now,
    sleep: (milliseconds) => {
      pass(milliseconds);
      return Promise.resolve();
    },
    beginReading: () => read,
    readVariant: read,
    readHeldTables: () => Promise.resolve([]),
    readTables: () => {
      circumstances.beforeListing?.(host);
      return Promise.resolve([]);
    },
    rehearseTables: () => Promise.resolve(),
    writeTables: () => Promise.resolve('no nft here'),
    listTables: () => Promise.resolve([]),
    askEngine: () => {
      done.push('ask');
      return Promise.resolve(host.engine);
    },
    awaitContainers: (ids) => {
      done.push(`await ${ids.join(' ')}`);
      pass(circumstances.containersTake ?? 0);
      return Promise.resolve();
    },
    listIdle: () => Promise.resolve(circumstances.idle ?? []),
    rehearse: async (plan) => {
      done.push('rehearse');
      await Promise.resolve();
      whileRehearsing?.(host, ++rehearsals, plan);
    },
    writeRules: (family, _, input) => {
      writes++;
      beforeWriting?.(host, writes);
      const at = input.tables.findIndex(({ table }) => refuses?.(family, table, host) === true);
      const taken = { tables: at < 0 ? input.tables : input.tables.slice(0, at) };
      const { ruleset, refusal } = simulate(host.rules[family], taken);
      host.rules = { ...host.rules, [family]: ruleset };
      for (const { table } of taken.tables) done.push(`write ${family} ${table}`);
      afterWriting?.(host, writes);
      return Promise.resolve(refusal?.reason ?? (at < 0 ? undefined : 'line 3 failed'));
    },
    withSignalsHeld: (work) => work(),
    dropFlows: (ports) => {
      done.push('flows');
      return Promise.resolve({ ports, dropped: ports.length, trouble: undefined });
    },
    countStuck: () => Promise.resolve(circumstances.stuck),
    host: () => ({ host: 'memory', kernel: '0' }),
    asked: () => ({ user: 'test', command: 'restore', parent: 'test' }),
    journal: {
      folder: '/memory',
      list: () => Promise.resolve([...entries.keys()]),
      read: (id) => {
        const entry = entries.get(id);
        return entry === undefined ? Promise.reject(new Error(id)) : Promise.resolve(entry);
      },
      begin: (entry) => {
        if (journal.begin !== undefined) return Promise.resolve({ id: undefined, why: journal.begin });
        const id = String(entries.size + 1);
        entries.set(id, entry);
        return Promise.resolve({ id });
      },
      end: (id, entry) => {
        if (journal.end === undefined) entries.set(id, entry);
        return Promise.resolve(journal.end);
      },
    },
    baselines: {
      list: () => Promise.resolve(stored.map(({ id }) => id)),
      open: (which) => find(({ id }) => which === undefined || id === which),
      readDeclared: () => Promise.resolve(circumstances.declared ?? {}),
      openByDigest: (digest) => find((one) => one.digest === digest),
      write: (baseline) => {
        const id = String(stored.length + 1).padStart(6, '0');
        const digest = `sha256:${id}`;
        const written = { id, path: `/${id}.json`, baseline, digest, own: true, ...ownBaseline(baseline) };
        stored.push(written);
        return Promise.resolve(written);
      },
      prune: (keep) =>
        Promise.resolve(stored.splice(0, Math.max(0, stored.length - keep)).map(({ id }) => id)),
    },
    withLock: async (work) => {
      if (done.lastIndexOf('lock') > done.lastIndexOf('unlock')) throw new Error('it holds the lock already');
      await circumstances.beforeLock?.(host);
      done.push('lock');
      return work().finally(() => done.push('unlock'));
    },
    readPlanFile: (path) => {
      const file = planFiles.get(path);
      return file === undefined ? Promise.reject(new Error(path)) : Promise.resolve(file);
    },
    writePlanFile: (path, plan) => {
      planFiles.set(path, plan);
      return Promise.resolve();
    },
    usualVariant: () => Promise.resolve('nft'),
    toolVersion: () => Promise.resolve('1.8.13'),
  };
  return host;
}

/** The Engine's reply after one of its containers has stopped and is gone. */
export function goneFrom(engine: EngineReply, container: string): EngineReply {
  if (!engine.answered) throw new Error('this Engine does not answer');
  const { inventory } = engine;
  const endpoints = inventory.endpoints.filter((one) => one.container !== container);
  const ports = inventory.ports.filter((one) => one.container !== container);
  if (endpoints.length === inventory.endpoints.length) throw new Error(`no container ${container}`);
  return { ...engine, inventory: { ...inventory, endpoints, ports } };
}

/** No Engine: its socket is not there. */
export const NO_ENGINE: EngineReply = {
  answered: false,
  fault: new Fault('RG_ENGINE_ABSENT', 3, 'there is no Docker Engine here'),
};
