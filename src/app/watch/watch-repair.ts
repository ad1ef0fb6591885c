import type { RepairOptions } from '../restore/repair.ts';

/** How watch repairs: no policy is set back, nor a declared table that somebody changed, and each rule was tried before. */
export const WATCH_REPAIR: RepairOptions = { policies: 'leave', assumeUnchanged: false, rehearse: true };
