import type { OwnedBaseline } from '../firewall/iptables/desired/recorded-rules.ts';
import type { Baseline } from './baseline.ts';

/** A baseline as stored in the state folder. */
export interface StoredBaseline extends OwnedBaseline {
  /** Name of the file without its ending; sorts by age. */
  readonly id: string;
  readonly path: string;
  readonly baseline: Baseline;
  readonly digest: string;
  /** Whether it was recorded on this host, as its seal proves: only then does more of it count than an Engine requires. */
  readonly own: boolean;
}

/** How many baselines are kept. */
export const KEPT_BASELINES = 20;
