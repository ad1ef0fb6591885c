import { conntrackDropsFrom, reversePathDropsFrom } from '../../doctor/facts/procfs.ts';
import type { Facts } from '../../doctor/facts/facts.ts';
import { readProc } from './proc-file.ts';

/** What the kernel of this network namespace has dropped by itself, without a rule. */
export const readDropCounts = (): Pick<Facts, 'conntrackDrops' | 'reversePathDrops'> => ({
  conntrackDrops: conntrackDropsFrom(readProc('/proc/self/net/stat/nf_conntrack') ?? ''),
  reversePathDrops: reversePathDropsFrom(readProc('/proc/self/net/netstat') ?? ''),
});
