import type { AcceptedReader, Observer } from '../ports.ts';
import type { TerrainReader } from '../reach/ports.ts';

/** All that check touches of a host. `real-check-host.ts` wires the real one. */
export interface CheckHost extends Observer, TerrainReader, AcceptedReader {}
