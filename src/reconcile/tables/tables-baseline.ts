import type { RecordedTable } from '../../firewall/nftables/desired/recorded-tables.ts';

/** Where Docker writes with nftables: what a baseline holds of its tables. */
export interface TablesBaseline {
  readonly tables: readonly RecordedTable[];
  /** What the Engine required and was missing when `--force` recorded: not asked for again. */
  readonly accepted?: readonly TableRuleName[];
}

/** A rule, an element (`"br0" : jump …`), or with an empty text a whole chain, map or set, in one of Docker's tables. */
export interface TableRuleName {
  /** `ip docker-bridges` */
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
}
