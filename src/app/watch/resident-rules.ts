import type { Live } from '../../firewall/iptables/text/live.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';

/** The rules as they were just read, while nothing says that they have changed. */
export interface ResidentRules {
  readonly read: (variant: Variant) => Promise<Live>;
  /** Docker's own tables of nftables. */
  readonly tables: () => Promise<readonly NftTable[]>;
  /** Something changed, or is about to. */
  readonly forget: () => void;
}

/** How both are read. */
export interface RulesReaders {
  readonly readVariant: (variant: Variant) => Promise<Live>;
  readonly readTables: () => Promise<readonly NftTable[]>;
}

/** Milliseconds since a reading began for which it is taken for the rules as they are. */
const LONGEST = 1_000;

/**
 * Reads the rules once where two readings would follow each other at once, as the one that shows damage and the one before a repair writes. A
 * change in between is told of (nftables), and between a reading and a write there is always a moment.
 *
 * @param now - milliseconds of a clock that never goes back
 */
export function residentRules({ readVariant, readTables }: RulesReaders, now: () => number): ResidentRules {
  const kept = new Map<string, { readonly at: number; readonly reading: Promise<unknown> }>();
  const once = <T>(what: string, read: () => Promise<T>): Promise<T> => {
    const held = kept.get(what);
    if (held !== undefined && now() - held.at < LONGEST) return held.reading as Promise<T>;
    const reading = read();
    kept.set(what, { at: now(), reading });
    return reading;
  };
  return {
    read: (variant) => once(variant, () => readVariant(variant)),
    tables: () => once('tables', readTables),
    forget: () => {
      kept.clear();
    },
  };
}
