import { askEngine } from '../../host/engine/engine.ts';
import { readVariants } from '../../host/xtables/kernel.ts';
import type { ReachHost } from './ports.ts';
import { REAL_TERRAIN } from './real-terrain.ts';

/** This host, as its table of reachability is made of it. */
export const REAL_REACH_HOST: ReachHost = { ...REAL_TERRAIN, readVariants, askAnyEngine: askEngine };
