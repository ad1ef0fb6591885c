import type { Variant } from '../firewall/iptables/text/model.ts';
import type { ChainState } from '../firewall/iptables/plan/chain-states.ts';
import type { StoredPlan } from '../firewall/iptables/plan/plan-json.ts';

/** What an apply did to tables of nftables: Docker's, or those the operator declared. */
export interface AppliedTables {
  /** The transactions as `nft -f` took them, a family each. */
  readonly done: readonly string[];
  /** Each table that was changed, as nft listed it before; '' where there was none. */
  readonly before: readonly { readonly table: string; readonly text: string }[];
  /** A digest of all of Docker's tables afterwards, or of the declared ones, without what was counted; null until that is known. */
  readonly after: string | null;
  /** The tables are those that the operator declared. */
  readonly own?: true;
}

/** One apply. `schemas/journal.schema.json` describes it. */
export interface JournalEntry {
  readonly version: 1;
  readonly created: string;
  readonly host: string;
  readonly variant: Variant;
  readonly action: 'restore' | 'undo';
  /** `begun` alone means that the run never ended: power cut, SIGKILL. */
  readonly outcome: 'begun' | 'applied' | 'undone' | 'failed';
  readonly asked: { readonly user: string; readonly command: string; readonly parent: string };
  readonly baseline: string | null;
  /** For an undo: id of the entry it took back. */
  readonly undoes: string | null;
  /** Id of the apply before it in the same repair, when one was not enough: undo takes both back. */
  readonly continues: string | null;
  readonly plan: StoredPlan;
  /** What was done to tables of nftables; absent where rules of iptables were changed. */
  readonly tables?: AppliedTables;
  readonly before: readonly ChainState[];
  readonly after: readonly ChainState[] | null;
}
