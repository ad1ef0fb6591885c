import { ownBaseline, type OwnedBaseline } from '../firewall/iptables/desired/recorded-rules.ts';
import { readRecordedTables } from '../firewall/nftables/desired/recorded-tables.ts';
import type { NftTable } from '../firewall/nftables/tables/model.ts';
import type { Baseline } from './baseline.ts';

/** A baseline's rules as they are compared and written, each judged again: root is about to write them. */
export interface ReadBaseline extends OwnedBaseline {
  /** Docker's own tables as recorded; absent where it wrote with iptables. */
  readonly tables?: readonly NftTable[];
}

/** A baseline as stored in the state folder. */
export interface StoredBaseline extends ReadBaseline {
  /** Name of the file without its ending; sorts by age. */
  readonly id: string;
  readonly path: string;
  readonly baseline: Baseline;
  readonly digest: string;
  /** Whether it was recorded on this host, as its seal proves: only then does more of it count than an Engine requires. */
  readonly own: boolean;
}

/** How many baselines are kept. */
export const KEPT_BASELINES = 20;

/** Decides again what of a baseline's rules is Docker's: what the file merely claims to be must not be believed. */
export function readBaseline(baseline: Baseline): ReadBaseline {
  const owned = ownBaseline(baseline);
  if (baseline.nftables === undefined) return owned;
  const { tables, objections } = readRecordedTables(baseline.nftables.tables);
  return { ...owned, tables, objections: [...owned.objections, ...objections] };
}
