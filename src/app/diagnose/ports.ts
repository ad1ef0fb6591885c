import type { EngineReply } from '../../docker/engine-reply.ts';
import type { ContainerFacts, Facts, ListeningSocket } from '../../doctor/facts/facts.ts';
import type { FamilyRoutes, NativeTables } from '../../doctor/facts/network-state.ts';
import type { ProbeObservation } from '../../doctor/probe/observed.ts';
import type { PlannedProbe } from '../../doctor/probe/probe-plan.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { ContainersQuery } from '../../host/doctor/containers.ts';
import type { ContainerList } from '../../host/doctor/list-containers.ts';
import type { Processes } from '../../host/doctor/processes.ts';
import type { Variants } from '../../host/xtables/kernel.ts';
import type { Family } from '../../net/family.ts';
import type { Distribution } from '../../packages.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import type { AcceptedReader, Baselines, Host, Observer } from '../ports.ts';

/** Reads the network namespace this process is in. Whatever it cannot read is a Fault. */
export interface NetworkReader {
  /** What `ipset save` prints; null where ipset is not installed. */
  readonly readSets: () => Promise<string | null>;
  /** nftables' own tables; null where nft is not installed. */
  readonly readNatives: () => Promise<NativeTables | null>;
  readonly readLinks: () => Promise<readonly NetworkLink[]>;
  readonly readRouting: (family: Family) => Promise<FamilyRoutes>;
  /** @param ports - ports of bridges, which are left out: they route nothing */
  readonly readSysctls: (ports: ReadonlySet<string>) => ReadonlyMap<string, string>;
  /** Undefined for a distribution that is not known; absent for another host, read from its facts. */
  readonly distribution?: () => Distribution | undefined;
}

/** Sends real packets. Changes nothing of the host. */
export interface Prober {
  /** A port to send from; the probes of one run use it and those above it. */
  readonly pickSourcePort: () => number;
  readonly sendProbes: (
    probes: readonly PlannedProbe[],
    variants: readonly Variant[],
    tables: readonly string[] | undefined,
  ) => Promise<ProbeObservation>;
}

/** All that doctor touches of a host. `real-diagnosis-host.ts` wires the real one. */
export interface DiagnosisHost
  extends Observer, NetworkReader, Prober, AcceptedReader, Pick<Host, 'countStuck'> {
  readonly baselines: Pick<Baselines, 'open' | 'readDeclared'>;
  /** Every variant that holds rules. Loads no module. @throws Fault, RG_PRIVILEGE without root */
  readonly readVariants: () => Promise<Variants>;
  /** The variant that plain `iptables` writes to. @throws Fault RG_MISSING_TOOL */
  readonly usualVariant: () => Promise<Variant>;
  /** The Engine's reply, also of one that keeps no iptables rules; a fault of the Engine is in the reply. */
  readonly askAnyEngine: () => Promise<EngineReply>;
  /** All containers, stopped ones too. @throws Fault of the Engine */
  readonly listContainers: () => Promise<ContainerList>;
  /** Docker's processes on this host. */
  readonly findProcesses: () => Promise<Processes>;
  /** Each container from the Engine's side and from inside. */
  readonly readContainers: (query: ContainersQuery) => Promise<readonly ContainerFacts[]>;
  /**
   * Warnings and errors about rules in dockerd's own log.
   *
   * @param daemons - pids of those whose rules are in this network namespace
   * @returns undefined when no log can be read
   */
  readonly readDaemonLog: (daemons: readonly number[]) => Promise<readonly string[] | undefined>;
  /** The sockets of this host that wait for packets. */
  readonly readListeners: () => Promise<readonly ListeningSocket[]>;
  /** Addresses of the name servers that this host, and with it most containers, asks. */
  readonly readNameServers: () => readonly string[];
  /** What the kernel has dropped by itself, without a rule. */
  readonly readDropCounts: () => Pick<Facts, 'conntrackDrops' | 'reversePathDrops'>;
}
