import type { Family } from '../../net/family.ts';
import type { ReachChange } from '../../reach/change/cells.ts';
import type { NotCarried } from './users-rules.ts';

/** What becomes of a host whose Docker writes with iptables, once it writes with nftables. */
export interface Migration {
  readonly engine: string;
  /** Why Docker would not start, or not so; none where it would. */
  readonly obstacles: readonly string[];
  /** The tables that take the place of DOCKER-USER, as a file for `nft -f`; '' where it holds nothing of the user's. */
  readonly tables: string;
  /** For `bridge-accept-fwmark`; '' where no rule needs it. */
  readonly mark: string;
  /** Commands for ufw, whose own filter Docker's tables do not pass by; in this order. */
  readonly ufw: readonly string[];
  readonly notCarried: readonly NotCarried[];
  /** Chains that fail2ban fills itself. */
  readonly bans: readonly string[];
  /** Who reaches what now against then. */
  readonly change: ReachChange;
  /** How many ways were compared. */
  readonly ways: number;
  /** Families whose FORWARD is closed by no firewall manager: by Docker, unless a saved file does it, too. It is taken for open then. */
  readonly leavesPolicy: readonly Family[];
  /** 0 no way changes, 1 some do or something is not carried, 3 some cannot be told. */
  readonly exit: 0 | 1 | 3;
}
