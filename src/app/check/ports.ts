import type { Acceptance } from '../../reconcile/accept/acceptance.ts';
import type { Observer } from '../ports.ts';
import type { TerrainReader } from '../reach/ports.ts';

/** All that check touches of a host. `real-check-host.ts` wires the real one. */
export interface CheckHost extends Observer, TerrainReader {
  /** What was accepted, see `rulesguard accept`; read only where something was found. @throws Fault RG_ACCEPTED or RG_UNSAFE_FILE */
  readonly readAccepted: () => Promise<readonly Acceptance[]>;
}
