import type { RepairOptions } from '../restore/repair.ts';

/** How watch repairs: no policy is set back, and each rule was tried before. */
export const WATCH_REPAIR: RepairOptions = {
  ...{ policies: 'leave', assumeUnchanged: false, rehearse: true },
  // What somebody changes in a table of his own watch does not take back: it tells of it.
  changed: 'leave',
};
