import { type HostRules, isBuiltin, type Chain, type Ruleset, type Table } from '../text/model.ts';
import { FAMILIES } from '../../../net/family.ts';
import { printRuleset } from '../text/print.ts';
import type { Drift } from '../compare/drift.ts';
import { withdrawKey } from './plan.ts';

/**
 * Recorded rules of Docker's that are obsolete: a container has been stopped since, or restarted with another address.
 * In the form that {@link planRepair} takes as `withdraw`.
 */
export function obsoleteRules({ extras }: Pick<Drift, 'extras'>): ReadonlySet<string> {
  return new Set(
    extras
      .filter(({ orphaned }) => orphaned !== undefined)
      .map(({ family, table, owned }) => withdrawKey(family, table, owned.rule.text)),
  );
}

/**
 * Rules to be loaded whole. For each table that appeared since, an empty one with open policies: it has the same effect as
 * no table.
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
 * The first chain in which two hosts' rules differ, for people; undefined when they have the same effect. The order of chains
 * does not matter, nor does a table or built-in chain that is empty and open.
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
