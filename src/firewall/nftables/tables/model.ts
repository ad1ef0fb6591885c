import type { Family } from '../../../net/family.ts';

/** One table of nftables as `nft -j list table` shows it. Docker's own are read so, and what others added to them with it. */
export interface NftTable {
  readonly family: Family;
  readonly name: string;
  readonly chains: ReadonlyMap<string, NftChain>;
  readonly maps: ReadonlyMap<string, NftMap>;
  readonly sets: ReadonlyMap<string, NftSet>;
  /** Whatever else the table holds (flowtables, named counters, …), as JSON. Docker makes none. */
  readonly others: readonly string[];
}

export interface NftChain {
  readonly name: string;
  /** Absent for one that is only jumped to. */
  readonly base?: NftBase | undefined;
  readonly rules: readonly NftRule[];
}

/** Where a chain is hooked in, in nft's words. */
export interface NftBase {
  readonly type: string;
  readonly hook: string;
  readonly priority: number;
  readonly policy: string;
}

export interface NftRule {
  /** The rule in nft's syntax, in one spelling, without what was counted. Not nft's syntax where a statement is foreign. */
  readonly text: string;
  /** Its text with its conditions in one order: all of them are asked before it does anything. Two rules are the same if it is equal. */
  readonly key: string;
  readonly statements: readonly NftStatement[];
  /** '' for none. */
  readonly comment: string;
  /** By which `nft delete rule` knows it; undefined for a rule that is not in the kernel. */
  readonly handle?: number | undefined;
  /** What its counter says; undefined for a rule that does not count. */
  readonly counted?: NftCount | undefined;
}

export interface NftCount {
  readonly packets: number;
  readonly bytes: number;
}

/** What a rule is made of. What Docker does not write is kept verbatim. */
export type NftStatement =
  | NftMatch
  | { readonly is: 'counter' }
  | { readonly is: 'accept' | 'drop' | 'return' | 'masquerade' }
  | { readonly is: 'jump' | 'goto'; readonly chain: string }
  | { readonly is: 'vmap'; readonly field: string; readonly map: string }
  | { readonly is: 'dnat' | 'snat'; readonly address: string; readonly port: number | undefined }
  | { readonly is: 'set-mark'; readonly mark: number }
  | { readonly is: 'foreign'; readonly json: string };

/** The rule goes on only for packets whose field has one of these values. */
export interface NftMatch {
  readonly is: 'match';
  /** In nft's words: `iifname`, `ip daddr`, `tcp dport`, `ct state`, `meta mark`. */
  readonly field: string;
  /** Only of marks: the bits that are compared. */
  readonly mask?: number | undefined;
  readonly negated: boolean;
  /** In one order; `@NAME` for the elements of a set. */
  readonly values: readonly string[];
}

/** A map of the table; Docker's lead from an interface's name to a chain. */
export interface NftMap {
  readonly name: string;
  /** Of its keys and values, e.g. `ifname : verdict`. */
  readonly type: string;
  /** In one order of keys. A value that is not a jump to a chain is kept as JSON. */
  readonly elements: ReadonlyMap<string, string>;
}

export interface NftSet {
  readonly name: string;
  readonly type: string;
  readonly elements: readonly string[];
}
