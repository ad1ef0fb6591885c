import type { Acceptance } from '../reconcile/accept/acceptance.ts';
import type { EngineReply } from '../docker/engine-reply.ts';
import type { Declaration } from '../firewall/iptables/desired/declared.ts';
import type { TablesRepair } from '../reconcile/reference.ts';
import type { StoredBaseline } from '../reconcile/stored-baseline.ts';
import type { Baseline } from '../reconcile/baseline.ts';
import type { Live } from '../firewall/iptables/text/live.ts';
import type { JournalEntry } from '../reconcile/journal.ts';
import type { Plan } from '../firewall/iptables/plan/plan.ts';
import type { Variant } from '../firewall/iptables/text/model.ts';
import type { TablePlan } from '../firewall/nftables/plan/plan.ts';
import type { DeclaredTable } from '../firewall/nftables/text/declared-table.ts';
import type { HeldTable } from '../reconcile/tables/declared-tables.ts';
import type { NftTable } from '../firewall/nftables/tables/model.ts';
import type { RestoreInput } from '../firewall/iptables/text/restore-input.ts';
import type { Family } from '../net/family.ts';
import type { DroppedFlows, UdpPort } from '../reconcile/flows.ts';
import type { Requester } from '../host/command/who.ts';
import type { Noted } from '../host/state/journal.ts';
import type { PlanFile } from '../host/state/plan-file.ts';
import type { ListedTable } from '../host/nft/write-tables.ts';
import type { ReadRules } from '../host/xtables/kernel.ts';
import type { OwnedLive } from '../host/xtables/rehearse-plan.ts';

/*
 * What the use cases touch of a host, as interfaces. `real-observer.ts` and `real-host.ts` wire the real ones; tests hand
 * in a host in memory.
 */

/** Time, in milliseconds. */
export interface Clock {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Reads the rules and asks the Engine. Changes nothing. */
export interface Observer extends Clock {
  /** Starts to read the live rules of whichever variant Docker uses. */
  readonly beginReading: () => ReadRules;
  readonly readVariant: (variant: Variant) => Promise<Live>;
  /** Docker's own tables of nftables. @throws Fault for "could not look", never "no tables" */
  readonly readTables: () => Promise<readonly NftTable[]>;
  /** Declared tables beside the live ones. @throws Fault for "could not look", never "not there" */
  readonly readHeldTables: (declared: readonly DeclaredTable[]) => Promise<readonly HeldTable[]>;
  /** The Engine's reply. @throws Fault RG_ENGINE_NO_IPTABLES when this Engine keeps no rules */
  readonly askEngine: () => Promise<EngineReply>;
  /** Waits until these containers are through with starting or stopping. */
  readonly awaitContainers: (ids: readonly string[], socket: string) => Promise<void>;
  /** Ids of containers that are not running: one of them may be about to start. */
  readonly listIdle: (socket: string) => Promise<readonly string[]>;
}

/** Changes the host's firewall. */
export interface Writer {
  /** Tries a plan with the real tool where nothing is at stake. @throws Fault RG_REHEARSAL */
  readonly rehearse: (plan: Plan, on: OwnedLive) => Promise<void>;
  /**
   * Gives one family's tables to iptables-restore: each whole or not at all.
   *
   * @returns what was refused; undefined when every table was taken
   * @throws Fault RG_BUSY or RG_PRIVILEGE
   */
  readonly writeRules: (family: Family, variant: Variant, input: RestoreInput) => Promise<string | undefined>;
  /** Tries plans for Docker's own tables where nothing is at stake. @throws Fault RG_REHEARSAL */
  readonly rehearseTables: (plans: readonly TablePlan[], live: readonly NftTable[]) => Promise<void>;
  /** Makes a transaction of nft whole, or not at all. @returns what was refused. @throws Fault RG_PRIVILEGE */
  readonly writeTables: (text: string) => Promise<string | undefined>;
  /** Tables as nft lists them. @param names - `ip docker-bridges` */
  readonly listTables: (names: readonly string[]) => Promise<readonly ListedTable[]>;
  /** Runs work that no signal may cut in two. */
  readonly withSignalsHeld: <T>(work: () => Promise<T>) => Promise<T>;
  /** Drops conntrack entries of published UDP ports. */
  readonly dropFlows: (ports: readonly UdpPort[]) => Promise<DroppedFlows>;
  /** How many of their clients docker-proxy answers although rules translate; undefined where that cannot be told. */
  readonly countStuck: (ports: readonly UdpPort[], subnets: readonly string[]) => Promise<number | undefined>;
}

/** What was applied, and what became of it. */
export interface Journal {
  /** Where it lies, for people. */
  readonly folder: string;
  /** Ids, the oldest first. */
  readonly list: () => Promise<readonly string[]>;
  /** @throws Fault RG_PLAN or RG_UNSAFE_FILE when an entry is not to be trusted */
  readonly read: (id: string) => Promise<JournalEntry>;
  readonly begin: (entry: JournalEntry) => Promise<Noted>;
  /** @returns why it could not be written */
  readonly end: (id: string, entry: JournalEntry) => Promise<string | undefined>;
}

/** What was recorded when all was well. */
export interface Baselines {
  /** Ids, the oldest first. */
  readonly list: () => Promise<readonly string[]>;
  /** @param which - an id or a path; the newest when undefined. @throws Fault RG_NO_BASELINE, RG_BASELINE, RG_UNSAFE_FILE */
  readonly open: (which?: string) => Promise<StoredBaseline>;
  readonly openByDigest: (digest: string, which?: string) => Promise<StoredBaseline>;
  readonly write: (baseline: Baseline) => Promise<StoredBaseline>;
  /** What the operator declared. @throws Fault RG_DECLARED, RG_UNSAFE_FILE */
  readonly readDeclared: () => Promise<Declaration>;
  /** What the journal of restores says of Docker's own tables; absent where nobody asks it. */
  readonly lastTablesRepair?: () => Promise<TablesRepair | undefined>;
  /** Deletes all but the newest. @returns ids of those deleted */
  readonly prune: (keep: number) => Promise<readonly string[]>;
}

/** Who this host is, and who asked for a change. */
export interface Identity {
  readonly host: () => { readonly host: string; readonly kernel: string };
  readonly asked: () => Requester;
}

/** All that restore and snapshot touch. */
export interface Host extends Observer, Writer, Identity {
  readonly journal: Journal;
  readonly baselines: Baselines;
  /** Runs work while no other rulesguard changes rules or baselines. @throws Fault RG_BUSY */
  readonly withLock: <T>(work: () => Promise<T>) => Promise<T>;
  readonly readPlanFile: (path: string) => Promise<PlanFile>;
  readonly writePlanFile: (path: string, plan: PlanFile) => Promise<void>;
  /** The variant of plain `iptables`. */
  readonly usualVariant: () => Promise<Variant>;
  /** Version of the tools, for when a save carried none. */
  readonly toolVersion: (variant: Variant) => Promise<string>;
}

/** What was accepted, see `rulesguard accept`. */
export interface AcceptedReader {
  /** The oldest first, those of days that have passed too. @throws Fault RG_ACCEPTED or RG_UNSAFE_FILE */
  readonly readAccepted: () => Promise<readonly Acceptance[]>;
}
