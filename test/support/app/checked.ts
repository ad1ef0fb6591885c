import { check, type Checked } from '../../../src/app/check/check.ts';
import type { CheckHost } from '../../../src/app/check/ports.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { Fault } from '../../../src/fault.ts';
import type { Notice } from '../../../src/reconcile/notices.ts';
import type { StoredBaseline } from '../../../src/reconcile/stored-baseline.ts';
import { BASELINE } from './memory-diagnosis-host.ts';
import { memoryReachHost } from './memory-reach-host.ts';

/** The healthy host of `memoryReachHost`, as check reads it. */
export const memoryCheckHost = (rules?: HostRules, changes: Partial<CheckHost> = {}): CheckHost => ({
  ...memoryReachHost(rules),
  readAccepted: () => Promise.resolve([]),
  ...changes,
});

/** What check finds on a host in memory. */
export async function checked(
  host: CheckHost,
  {
    stored = BASELINE,
    notices = [],
  }: { readonly stored?: StoredBaseline | null; readonly notices?: Notice[] } = {},
): Promise<Checked> {
  const open = () =>
    stored === null
      ? Promise.reject(new Fault('RG_NO_BASELINE', 3, 'no baseline has been recorded'))
      : Promise.resolve(stored);
  return check(
    host,
    { open, readDeclared: () => Promise.resolve({}) },
    { baseline: undefined, source: 'both' },
    (event) => {
      if (event.kind === 'notice') notices.push(event.notice);
    },
  );
}
