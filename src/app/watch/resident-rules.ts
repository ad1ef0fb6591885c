import type { Live } from '../../firewall/iptables/text/live.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';

/** The rules as they were just read, while nothing says that they have changed. */
export interface ResidentRules {
  readonly read: (variant: Variant) => Promise<Live>;
  /** Something changed, or is about to. */
  readonly forget: () => void;
}

/** Milliseconds since a reading began for which it is taken for the rules as they are. */
const LONGEST = 1_000;

/**
 * Reads the rules once where two readings would follow each other at once, as the one that shows damage and the one before a repair writes. A
 * change in between is told of (nftables), and between a reading and a write there is always a moment.
 *
 * @param now - milliseconds of a clock that never goes back
 */
export function residentRules(
  readVariant: (variant: Variant) => Promise<Live>,
  now: () => number,
): ResidentRules {
  let kept: { readonly variant: Variant; readonly at: number; readonly reading: Promise<Live> } | undefined;
  return {
    read: (variant) => {
      if (kept?.variant === variant && now() - kept.at < LONGEST) return kept.reading;
      const reading = readVariant(variant);
      kept = { variant, at: now(), reading };
      return reading;
    },
    forget: () => {
      kept = undefined;
    },
  };
}
