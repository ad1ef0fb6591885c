import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { DiagnosisHost, NetworkReader } from '../diagnose/ports.ts';
import type { AcceptedReader, Observer } from '../ports.ts';

/** Reads what decides about packets beside Docker's rules, and who serves ports of this host. Changes nothing, loads no module. */
export interface TerrainReader extends NetworkReader, Pick<DiagnosisHost, 'readListeners'> {
  /** The rules of the other variant, where it holds any. @param variant - the one that has been read */
  readonly readOther: (variant: Variant) => Promise<Live | undefined>;
  /** Addresses of the name servers that this host, and with it most containers, asks. */
  readonly readNameServers: () => readonly string[];
}

/** All that the table of reachability touches of a host. `real-reach-host.ts` wires the real one. */
export interface ReachHost
  extends
    TerrainReader,
    Observer,
    AcceptedReader,
    Pick<DiagnosisHost, 'baselines' | 'readVariants' | 'usualVariant' | 'askAnyEngine'> {}
