import { askAnyEngine } from '../../host/engine/ask.ts';
import { readAccepted } from '../../host/state/accepted.ts';
import { readVariants, usualVariant } from '../../host/xtables/kernel.ts';
import { realBaselines } from '../real-baselines.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import type { ReachHost } from './ports.ts';
import { REAL_TERRAIN } from './real-terrain.ts';

/** This host, as its table of reachability is made of it, and its state folder. */
export const realReachHost = (stateDir: string): ReachHost => ({
  ...REAL_OBSERVER,
  ...REAL_TERRAIN,
  baselines: realBaselines(stateDir),
  readAccepted: () => readAccepted(stateDir),
  readVariants,
  usualVariant,
  askAnyEngine,
});
