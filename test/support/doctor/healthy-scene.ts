import type { Era } from '../lab/eras.ts';
import type { Flow } from './flows.ts';
import type { Deed } from './plants/plant.ts';

/** A machine that is set up in another way and works: `doctor` must find nothing. */
export interface HealthyScene {
  readonly name: string;
  readonly target?: string;
  readonly make: Deed;
  readonly undo: Deed;
  /** Flows of what it brings along; all as they should be. */
  readonly extra?: readonly Flow[];
  /** Nothing is found, and not all can be read: exit 3. */
  readonly unavailable?: true;
  /** Names of steady flows that come to something else here, and are not judged. */
  readonly otherwise?: readonly string[];
  readonly only?: { readonly eras: readonly Era[]; readonly reason: string };
}
