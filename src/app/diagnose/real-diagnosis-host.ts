import { distributionHere } from '../../host/command/install-hint.ts';
import { readContainers } from '../../host/doctor/containers.ts';
import { readDaemonLog } from '../../host/doctor/daemon-log.ts';
import { readDropCounts } from '../../host/doctor/drop-counts.ts';
import { readLinks, readRouting, readSysctls } from '../../host/doctor/kernel-network.ts';
import { listContainers } from '../../host/doctor/list-containers.ts';
import { readNameServers } from '../../host/doctor/name-servers.ts';
import { findProcesses } from '../../host/doctor/processes.ts';
import { pickSourcePort } from '../../host/doctor/source-port.ts';
import { readListeners } from '../../host/doctor/sockets.ts';
import { askAnyEngine } from '../../host/engine/ask.ts';
import { findSocket } from '../../host/engine/socket.ts';
import { readSets } from '../../host/nft/sets-native.ts';
import { readNatives } from '../../host/nft/within.ts';
import { readAccepted } from '../../host/state/accepted.ts';
import { readVariants, usualVariant } from '../../host/xtables/kernel.ts';
import { realBaselines } from '../real-baselines.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import type { DiagnosisHost } from './ports.ts';

/** This host, as doctor reads it, and its state folder. */
export function realDiagnosisHost(stateDir: string): DiagnosisHost {
  return {
    ...REAL_OBSERVER,
    baselines: realBaselines(stateDir),
    readAccepted: () => readAccepted(stateDir),
    readVariants,
    usualVariant,
    askAnyEngine,
    listContainers,
    findProcesses: async () => findProcesses(await findSocket().catch(() => undefined)),
    readContainers,
    readDaemonLog,
    readListeners: () => readListeners('/proc/self'),
    readNameServers,
    readDropCounts,
    countStuck: async (ports, subnets) =>
      (await import('../../host/conntrack/stuck-flows.ts')).countStuck(ports, subnets),
    readSets,
    readNatives,
    readLinks,
    readRouting,
    readSysctls,
    distribution: () => distributionHere(),
    pickSourcePort,
    sendProbes: async (probes, variants, tables) =>
      (await import('../../host/doctor/probe.ts')).sendProbes(probes, variants, tables),
  };
}
