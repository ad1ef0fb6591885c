import fc from 'fast-check';
import {
  makeRule,
  isBuiltin,
  type Chain,
  type Ruleset,
  type Table,
} from '../../src/firewall/iptables/text/model.ts';

/** What someone does to a ruleset. Indexes are taken modulo what is there, so every value is possible everywhere. */
export type Damage =
  | {
      readonly what: 'delete' | 'double';
      readonly table: number;
      readonly chain: number;
      readonly rule: number;
      readonly to: number;
    }
  | {
      readonly what: 'move';
      readonly table: number;
      readonly chain: number;
      readonly rule: number;
      readonly to: number;
    }
  | {
      readonly what: 'flush-chain' | 'flush-table' | 'flush-all' | 'delete-chain';
      readonly table: number;
      readonly chain: number;
    }
  | {
      readonly what: 'foreign';
      readonly table: number;
      readonly chain: number;
      readonly to: number;
      readonly text: string;
    };

/** Rules of other programs, as their saves spell them. */
const FOREIGN_SPECS = [
  '-j ufw-before-forward',
  '-p tcp -m multiport --dports 22 -j f2b-sshd',
  '-i virbr0 -o virbr0 -j ACCEPT',
  '-s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE',
  '-m comment --comment "it\\\'s \\"mine\\"" -j ACCEPT',
  '-s 10.8.0.0/24 -o eth0 -j MASQUERADE',
  '-p udp -m udp --dport 53 -j ACCEPT',
  '-j LOG --log-prefix "fwd: "',
];

const small = fc.nat({ max: 63 });

/** Any single piece of damage. */
export const damage: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom('delete' as const, 'double' as const),
      table: small,
      chain: small,
      rule: small,
      to: small,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('move' as const),
      table: small,
      chain: small,
      rule: small,
      to: small,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constantFrom(
        'flush-chain' as const,
        'flush-table' as const,
        'flush-all' as const,
        'delete-chain' as const,
      ),
      table: small,
      chain: small,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('foreign' as const),
      table: small,
      chain: small,
      to: small,
      text: fc.constantFrom(...FOREIGN_SPECS),
    }),
  },
);

const pick = <T>(list: readonly T[], index: number): T | undefined =>
  list.length === 0 ? undefined : list[index % list.length];

/** The ruleset after the damage. Jumps left dangling are removed, as the kernel would have forced. */
export function doDamage(ruleset: Ruleset, damages: readonly Damage[]): Ruleset {
  return damages.reduce(doOne, ruleset);
}

function doOne(ruleset: Ruleset, one: Damage): Ruleset {
  const table = pick([...ruleset.tables.values()], one.table);
  if (table === undefined) return ruleset;
  if (one.what === 'flush-all') {
    return {
      tables: new Map(
        [...ruleset.tables].map(([name, each]) => [
          name,
          mapChains(each, (chain) => ({ ...chain, rules: [] })),
        ]),
      ),
    };
  }
  const chain = pick([...table.chains.values()], one.chain);
  const changed = chain === undefined ? table : damageTable(table, chain, one);
  return { tables: new Map([...ruleset.tables, [table.name, changed]]) };
}

function damageTable(table: Table, chain: Chain, one: Damage): Table {
  switch (one.what) {
    case 'flush-table':
      return mapChains(table, (each) => ({ ...each, rules: [] }));
    case 'flush-chain':
      return withRules(table, chain, []);
    case 'delete-chain':
      return isBuiltin(table.name, chain.name) ? table : withoutChain(table, chain.name);
    case 'foreign': {
      if (one.text.includes('f2b') || one.text.includes('ufw') || isTableOnly(table.name, one.text))
        return table;
      return withRules(table, chain, insertAt(chain.rules, one.to, makeRule(`-A ${chain.name} ${one.text}`)));
    }
    case 'delete':
    case 'double':
    case 'move': {
      const rule = pick(chain.rules, one.rule);
      if (rule === undefined) return table;
      const others = one.what === 'double' ? chain.rules : chain.rules.filter((each) => each !== rule);
      return withRules(table, chain, one.what === 'delete' ? others : insertAt(others, one.to, rule));
    }
    default:
      return table;
  }
}

const isTableOnly = (table: string, text: string): boolean => text.includes('MASQUERADE') && table !== 'nat';

const insertAt = <T>(list: readonly T[], at: number, item: T): readonly T[] =>
  list.toSpliced(at % (list.length + 1), 0, item);

const mapChains = (table: Table, change: (chain: Chain) => Chain): Table => ({
  name: table.name,
  chains: new Map([...table.chains].map(([name, chain]) => [name, change(chain)])),
});

const withRules = (table: Table, chain: Chain, rules: Chain['rules']): Table =>
  mapChains(table, (each) => (each.name === chain.name ? { ...each, rules } : each));

function withoutChain(table: Table, name: string): Table {
  const chains = new Map(table.chains);
  chains.delete(name);
  return mapChains({ name: table.name, chains }, (chain) => ({
    ...chain,
    rules: chain.rules.filter((rule) => !rule.text.endsWith(` -j ${name}`)),
  }));
}
