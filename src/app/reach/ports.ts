import type { DiagnosisHost, NetworkReader } from '../diagnose/ports.ts';

/** All that the table of reachability touches of a host. `real-reach-host.ts` wires the real one. */
export interface ReachHost
  extends NetworkReader, Pick<DiagnosisHost, 'readVariants' | 'askAnyEngine' | 'findProcesses'> {
  /** Addresses of the name servers that this host, and with it most containers, asks. */
  readonly readNameServers: () => readonly string[];
}
