import type { Live } from '../system/kernel.ts';
import type { StoredBaseline } from '../system/store.ts';
import type { Context } from './context.ts';

/**
 * Says when the baseline was saved by another version of iptables: should the two spell a rule differently, it looks lost
 * and new at once. A restore's rehearsal would notice and refuse; a person should know why.
 */
export function noteOtherTools({ baseline }: StoredBaseline, live: Live, { log }: Context): void {
  if (live.version === undefined || live.version === baseline.iptables) return;
  log.warn(
    `note: the baseline was recorded with iptables ${baseline.iptables}, this is ${live.version}. If a finding is only another spelling, record anew: rulesguard snapshot`,
  );
}
