import { looksDockers } from '../../firewall/iptables/ownership/chains.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { VariantRules } from '../../trace/network-state.ts';

/** A chain of Docker's name where Docker does not write. */
export interface Leftover {
  readonly family: Family;
  readonly variant: Variant;
  /** `TABLE CHAIN` */
  readonly place: string;
  readonly rules: number;
}

/**
 * Docker's leftovers: chains of its names where it does not write.
 *
 * @param used - the variant Docker writes to; undefined where it writes with nftables
 */
export function leftoversIn(
  rulesets: readonly VariantRules[],
  used: Variant | undefined,
): readonly Leftover[] {
  return rulesets
    .filter(({ variant }) => variant !== used)
    .flatMap(({ variant, rules }) =>
      FAMILIES.flatMap((family) =>
        [...rules[family].tables.values()].flatMap((table) =>
          [...table.chains.values()]
            .filter(({ name }) => looksDockers(name))
            .map((chain) => ({
              ...{ family, variant },
              place: `${table.name} ${chain.name}`,
              rules: chain.rules.length,
            })),
        ),
      ),
    );
}
