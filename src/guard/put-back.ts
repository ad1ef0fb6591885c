import type { HostRules } from '../docker/ownership.ts';
import { FAMILIES, isBuiltin, type Chain, type Ruleset, type Table } from '../iptables/model.ts';
import { printRuleset } from '../iptables/print.ts';
import type { Drift } from './compare.ts';
import { withdrawKey } from './plan.ts';

/**
 * Rules of Docker's that were recorded and that nothing calls for any more: a container has been stopped or restarted since
 * with another address. In the form {@link planRepair} takes as `withdraw`.
 */
export function outlived({ extras }: Pick<Drift, 'extras'>): ReadonlySet<string> {
  return new Set(
    extras
      .filter(({ orphaned }) => orphaned !== undefined)
      .map(({ family, table, owned }) => withdrawKey(family, table, owned.rule.text)),
  );
}

/**
 * Rules to be loaded whole, with an empty table for each that came to stand since: what lets everything through, as no
 * table does.
 *
 * @param wanted - one family's rules as they should be
 * @param now - as they are
 */
export function withEmptied(wanted: Ruleset, now: Ruleset): Ruleset {
  const tables = new Map(wanted.tables);
  for (const [name, table] of now.tables) if (!tables.has(name)) tables.set(name, emptied(table));
  return { tables };
}

const emptied = ({ name, chains }: Table): Table => ({
  name,
  chains: new Map(
    [...chains.values()]
      .filter((chain) => isBuiltin(name, chain.name))
      .map((chain): [string, Chain] => [
        chain.name,
        { name: chain.name, policy: 'ACCEPT', counters: '', rules: [] },
      ]),
  ),
});

/**
 * The first chain in which two hosts' rules differ, for people; undefined when they do the same. Neither the order of
 * chains matters nor a table or built-in chain that is empty and lets everything through.
 */
export function firstDifference(wanted: HostRules, is: HostRules): string | undefined {
  for (const family of FAMILIES) {
    const [left, right] = [chainsOf(wanted[family]), chainsOf(is[family])];
    for (const key of new Set([...left.keys(), ...right.keys()]))
      if (left.get(key) !== right.get(key)) return `${family} ${key}`;
  }
  return undefined;
}

function chainsOf({ tables }: Ruleset): ReadonlyMap<string, string> {
  const chains = new Map<string, string>();
  for (const table of tables.values()) {
    for (const chain of table.chains.values()) {
      const idle = isBuiltin(table.name, chain.name) && chain.rules.length === 0 && chain.policy !== 'DROP';
      const alone = { name: table.name, chains: new Map([[chain.name, chain]]) };
      if (!idle)
        chains.set(
          `table ${table.name}, chain ${chain.name}`,
          printRuleset({ tables: new Map([[table.name, alone]]) }),
        );
    }
  }
  return chains;
}
