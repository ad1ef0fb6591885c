import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import { recordFamilies } from '../../firewall/iptables/desired/recorded-rules.ts';
import type { Baseline } from '../../reconcile/baseline.ts';
import type { RuleName } from '../../firewall/iptables/text/model.ts';
import {
  contentBeyond,
  isContentRead,
  onlyRead,
  unrecorded,
} from '../../firewall/iptables/desired/recordable.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { Listener } from '../events.ts';

/** What a baseline does not hold, and why. */
export type UnrecordedEvent =
  | { readonly kind: 'rules-unverified'; readonly why: string }
  | { readonly kind: 'unrecorded'; readonly name: RuleName; readonly why: string };

/**
 * What of the rules a baseline may hold: nothing whose text may lack a condition. Says what it leaves out.
 *
 * @param last - the baseline before this one
 */
export function keptOf(
  owned: OwnedHost,
  live: Live,
  last: StoredBaseline | undefined,
  on: Listener<UnrecordedEvent>,
): Pick<Baseline, 'readInFull' | 'unread' | 'families'> {
  const kept = isContentRead(live) ? owned : onlyRead(owned, last);
  const unread = kept === owned ? unrecorded(owned) : contentBeyond(owned, kept);
  const named = new Set(owned.undecided.map(nameOf));
  sayUnrecorded(
    live,
    unread.filter((rule) => !named.has(nameOf(rule))),
    on,
  );
  return {
    readInFull: true,
    ...(unread.length === 0 ? {} : { unread }),
    families: recordFamilies(kept),
  };
}

const nameOf = ({ family, table, chain, rule = '' }: RuleName): string =>
  `${family} ${table} ${chain} ${rule}`;

/** Says which of the user's own rules the baseline does not hold, and why. */
function sayUnrecorded(live: Live, left: readonly RuleName[], on: Listener<UnrecordedEvent>): void {
  if (live.unverified !== undefined) on({ kind: 'rules-unverified', why: live.unverified });
  const why = isContentRead(live)
    ? 'it, or a rule before it, cannot be read in full'
    : 'nobody can tell whether its text says all of it';
  for (const name of left) on({ kind: 'unrecorded', name, why });
}
