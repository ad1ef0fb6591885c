import type { Live } from '../../firewall/iptables/text/live.ts';
import type { HeldTable } from './declared-tables.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';

/** What was read of a host's firewall: the rules of iptables and, where Docker writes with nftables, its own tables. */
export interface LiveFirewall extends Live {
  /** Undefined where Docker's firewall backend is iptables, or is not known. */
  readonly tables?: readonly NftTable[] | undefined;
  /** Docker's own tables where this Engine writes with iptables. */
  readonly leftTables?: readonly NftTable[] | undefined;
  /** Declared tables of nftables; absent where none is declared. */
  readonly held?: readonly HeldTable[] | undefined;
  /** Why it is not known whether there are any; undefined where it is. */
  readonly leftUnread?: string | undefined;
}
