import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { outOfOrder } from '../../../src/firewall/iptables/order/order.ts';
import {
  FAMILIES,
  difference,
  isBuiltinChain,
  keyOf,
  linesOf,
  type Line,
  type Saves,
} from '../incident/rules.ts';

/** Where computed rules and those of a save part. Nothing in it: each has every rule and chain of the other, once. */
export interface Parting {
  /** Computed, but the Engine never wrote them. */
  readonly invented: readonly string[];
  /** The Engine wrote them, and they were not computed. */
  readonly forgotten: readonly string[];
  /**
   * Computed ones in a place that breaks the order that matters
   * (docs/reference/docker-iptables.md#order-that-matters).
   */
  readonly misplaced: readonly string[];
}

export const AGREED: Parting = { invented: [], forgotten: [], misplaced: [] };

/** Rules and user chains as lines of a save. */
function linesOfRules(host: HostRules): readonly Line[] {
  return FAMILIES.flatMap((family) =>
    [...host[family].tables.values()].flatMap(({ name: table, chains }) =>
      [...chains.values()].flatMap(({ name: chain, policy, rules }) => {
        const line = (text: string): Line => ({ family, table, chain, text, counters: '' });
        const declared = policy === '-' ? [line(`:${chain} -`)] : [];
        return [...declared, ...rules.map(({ text }) => line(text))];
      }),
    ),
  );
}

function misplacedIn(host: HostRules): readonly string[] {
  const { families } = ownHost(host);
  return FAMILIES.flatMap((family) =>
    [...families[family].values()].flatMap((chains) =>
      [...chains.values()].flatMap(({ table, rules }) =>
        [...outOfOrder(rules)].map((index) => `${family} ${table} ${rules[index]?.rule.text ?? ''}`),
      ),
    ),
  );
}

/**
 * Holds computed rules against a save of a host on which nobody but one Engine wrote any: chain by chain as multisets, both
 * families. The save is read by the tests' own parser.
 */
export function part(expected: HostRules, saves: Saves): Parting {
  const computed = linesOfRules(expected);
  const live = linesOf(saves).filter((line) => !isBuiltinChain(line));
  return {
    invented: difference(computed, live).map(keyOf),
    forgotten: difference(live, computed).map(keyOf),
    misplaced: misplacedIn(expected),
  };
}
