import type { EngineFacts } from '../docker/inventory/inventory.ts';
import type { StoodRule } from '../reach/judge/foreign.ts';
import type { RecordedFamilies } from '../firewall/iptables/desired/recorded-rules.ts';
import type { TablesBaseline } from './tables/tables-baseline.ts';
import type { Variant, RuleName } from '../firewall/iptables/text/model.ts';

export const BASELINE_VERSION = 1;

/** What was recorded when all was well. `schemas/baseline.schema.json` describes it. */
export interface Baseline {
  readonly version: typeof BASELINE_VERSION;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly host: string;
  readonly kernel: string;
  /** Version of iptables, e.g. `1.8.9`. */
  readonly iptables: string;
  readonly variant: Variant;
  /** The Engine's reply, null when it did not answer. */
  readonly engine: EngineFacts | null;
  /** Digest of the baseline before this one, null for the first. */
  readonly previous: string | null;
  /** What the Engine required and was missing when `--force` recorded: accepted, not reported again. */
  readonly accepted?: readonly RuleName[];
  /** What was there although the Engine, as we compute it, did not require it: taken as valid. */
  readonly unexplained?: readonly RuleName[];
  /**
   * Each rule was compared with what the kernel has: its text is complete. Absent in baselines of rulesguard 0.1, which did not
   * check that, and where nft was not installed.
   */
  readonly readInFull?: true;
  /** Rules in DOCKER-USER that could not be read in full, and those behind them: known by name, never written. */
  readonly unread?: readonly RuleName[];
  /**
   * What of others than Docker decided before Docker's rules about who reaches what: the operator's own from then on. Absent where
   * nothing did, and where the table of reachability was not made.
   */
  readonly stood?: readonly StoodRule[];
  /** Docker's own tables, where it writes with nftables; `families` then holds nothing. */
  readonly nftables?: TablesBaseline;
  readonly families: RecordedFamilies;
}

/**
 * Whether a baseline would record nothing new beside another: the same rules in the same places, of the same Engine. Counters do
 * not count. One recorded without the Engine's answer would only say less of the same rules.
 */
export function sameRecord(made: Baseline, kept: Baseline): boolean {
  const recordOf = ({
    host,
    iptables,
    variant,
    engine,
    accepted,
    unexplained,
    readInFull,
    unread,
    stood,
    nftables,
    families,
  }: Baseline): string =>
    JSON.stringify(
      [
        ...[host, iptables, variant, made.engine === null ? null : engine],
        ...[accepted, unexplained, readInFull, unread, stood, nftables, families],
      ],
      (key, value: unknown) => (key === 'counters' ? undefined : value),
    );
  return recordOf(made) === recordOf(kept);
}
