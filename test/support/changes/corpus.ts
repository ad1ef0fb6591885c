import type { HostChange } from './change.ts';
import { NATIVES, ROUTES, SETTINGS } from './network.ts';
import { NEIGHBOURS } from './neighbours.ts';
import { RULES } from './rules.ts';

/** Every change that was thought of by hand. */
export const CURATED: readonly HostChange[] = [...RULES, ...SETTINGS, ...ROUTES, ...NATIVES, ...NEIGHBOURS];
