import type { Notice } from '../reconcile/notices.ts';
import { printable } from './text.ts';

/** A notice in words, for stderr. */
export function noticeText(notice: Notice): string {
  switch (notice.kind) {
    case 'baseline-unusable':
      return `note: ${notice.why}; rulesguard relies on the Engine alone`;
    case 'accepted-unusable':
      return `note: ${notice.why}; nothing counts as accepted${notice.hint === undefined ? '' : `\n  → ${notice.hint}`}`;
    case 'set-aside':
      return `note: ${printable(notice.what)} is left alone, its rules are neither judged nor repaired: ${printable(notice.why)}`;
    case 'left-unread':
      return `note: whether Docker left tables of its own in nftables is not known, and if so they decide about packets too: ${notice.why}`;
    case 'declared-unused':
      return "note: what is declared for DOCKER-USER is not in force: Docker writes with nftables here, which has no such chain\n  → Declare a table of your own: rulesguard snapshot --declare --table 'inet NAME' (docs/declared-rules.md)";
    case 'unverified':
      return `note: not verified: the rules could not be compared with nft's own listing, so one that nft wrote may read as another: ${notice.why}`;
    case 'baseline-of-another':
      return `note: nothing proves that baseline ${notice.id} was recorded on this host (${notice.hasEngine ? 'rulesguard relies on the Engine' : 'only what Engines are known to write is taken from it'}).\n  → If it is yours: --trust-baseline. When all is well, record a new one: rulesguard snapshot`;
    case 'other-iptables':
      return `note: the baseline was recorded with iptables ${notice.recorded}, this is ${notice.live}. If a finding is only another spelling, record again: rulesguard snapshot`;
    case 'policy-unknown':
      return `note: the policy of FORWARD is ACCEPT (${notice.families.join(', ')}); whether Docker had set it to DROP is not known without a baseline`;
    case 'engine-unavailable':
      return `note: ${notice.why}; rulesguard relies on the baseline alone${notice.hint === undefined ? '' : `\n  → ${notice.hint}`}`;
    default:
      return notice satisfies never;
  }
}
