import type { OwnedChain, OwnedHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import {
  makeRule,
  rulespecOf,
  type Chain,
  type HostRules,
  type Ruleset,
  type Table,
} from '../../../src/firewall/iptables/text/model.ts';
import type { Family } from '../../../src/net/family.ts';

/** How somebody moves Docker's rules out of the built-in chains. */
export interface Move {
  /** Chains between the built-in chain and the one that holds the rules. */
  readonly levels?: 1 | 2;
  /** Of the jump, `-i eth0 ` for example; none when absent. */
  readonly condition?: string;
  /** The built-in chains concerned, as `filter FORWARD`; all when absent. */
  readonly only?: readonly string[];
  /** The mover's own rules in the relay chain, before and behind Docker's: what follows `-A CHAIN`. */
  readonly before?: readonly string[];
  readonly behind?: readonly string[];
}

/** A host after somebody moved Docker's rules into relay chains: BOX_PREROUTING, BOX_FORWARD and so on. */
export const moved = (host: HostRules, owned: OwnedHost, move: Move = {}): HostRules => ({
  ipv4: movedIn('ipv4', host.ipv4, owned, move),
  ipv6: movedIn('ipv6', host.ipv6, owned, move),
});

const movedIn = (family: Family, { tables }: Ruleset, owned: OwnedHost, move: Move): Ruleset => ({
  tables: new Map(
    [...tables].map(([name, table]) => [name, movedTable(table, owned.families[family].get(name), move)]),
  ),
});

function movedTable(
  table: Table,
  owned: ReadonlyMap<string, OwnedChain> | undefined,
  { levels = 1, condition = '', only, before = [], behind = [] }: Move,
): Table {
  const chains = new Map(table.chains);
  const add = (name: string, texts: readonly string[]): void => {
    const rules = texts.map((text) => makeRule(`-A ${name} ${text}`));
    chains.set(name, { name, policy: '-', counters: '', rules } satisfies Chain);
  };
  for (const { builtin, name, rules } of owned?.values() ?? []) {
    const chain = chains.get(name);
    const dockers = rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule] : []));
    if (!builtin || chain === undefined || dockers.length === 0) continue;
    if (only !== undefined && !only.includes(`${table.name} ${name}`)) continue;
    const relay = `BOX_${name}`;
    add(levels === 2 ? `${relay}_2` : relay, [...before, ...dockers.map(rulespecOf), ...behind]);
    if (levels === 2) add(relay, ['-s 203.0.113.7/32 -j RETURN', `-j ${relay}_2`]);
    const isFiltered = table.name === 'filter' && name === 'FORWARD';
    if (isFiltered) add('BOX_FW', ['-s 192.0.2.2/32 -i eth0 -j DROP']);
    const others = chain.rules.filter((rule) => !dockers.includes(rule));
    const jumps = [...(isFiltered ? ['-j BOX_FW'] : []), `${condition}-j ${relay}`];
    chains.set(name, {
      ...chain,
      rules: [...jumps.map((text) => makeRule(`-A ${name} ${text}`)), ...others],
    });
  }
  return { name: table.name, chains };
}
