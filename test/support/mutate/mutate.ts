import type { OwnedChain, OwnedHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import {
  type HostRules,
  makeRule,
  rulespecOf,
  rulesOf,
  type Chain,
  type Rule,
  type Ruleset,
  type Table,
} from '../../../src/firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../../src/net/family.ts';
import { targetOf } from '../../../src/firewall/iptables/text/view.ts';
import { takesFrom } from './samples.ts';

/** What can happen to a rule, or to a whole chain. */
export const KINDS = ['delete', 'double', 'move', 'delete chain', 'empty chain', 'double chain'] as const;

/** One thing that happens to one rule, or one chain, of Docker's. */
export interface Mutation {
  readonly what: (typeof KINDS)[number];
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** Absent when the whole chain is meant. */
  readonly rule?: Rule;
  /** Where the rule goes, or its second copy: an index into the chain without the rule that moves. */
  readonly to?: number;
}

/** How a mutation reads in a failed test. */
export function titleOf({ what, family, table, chain, rule, to }: Mutation): string {
  return `${what} ${family} ${table} ${rule?.text ?? chain}${to === undefined ? '' : ` to ${String(to + 1)}`}`;
}

type Place = Pick<Mutation, 'family' | 'table' | 'chain'>;

/** Every mutation of every rule and chain of Docker's, in the order of the tables. */
export function mutationsOf(base: OwnedHost, live: HostRules): readonly Mutation[] {
  return FAMILIES.flatMap((family) =>
    [...base.families[family]].flatMap(([table, chains]) =>
      [...chains.values()].flatMap((chain) => {
        const place = { family, table, chain: chain.name };
        return [
          ...ruleMutations(place, chain, rulesOf(live[family], table, chain.name)),
          ...chainMutations(place, chain),
        ];
      }),
    ),
  );
}

function ruleMutations(place: Place, chain: OwnedChain, live: readonly Rule[]): readonly Mutation[] {
  const dockers = new Set(chain.rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));
  return live.flatMap((rule, index): readonly Mutation[] => {
    if (!dockers.has(rule.text)) return [];
    // Behind the rule itself, at the top, at the bottom: in turn, or doubling would cost as much as moving.
    const copyTo = [index + 1, 0, live.length][index % 3] ?? 0;
    // A second RETURN in DOCKER-USER is the user's own, and stays.
    return [
      { what: 'delete', ...place, rule },
      ...(chain.owner === 'shared' ? [] : [{ what: 'double', ...place, rule, to: copyTo } as const]),
      ...destinations(live, index).map((to): Mutation => ({ what: 'move', ...place, rule, to })),
    ];
  });
}

/** Both ends of the chain, and as far as the rule gets without passing a rule of others that could take its packets. */
function destinations(live: readonly Rule[], index: number): readonly number[] {
  const others = live.toSpliced(index, 1);
  const mine = live[index]?.text ?? '';
  const above = others.slice(0, index).findLastIndex(({ text }) => takesFrom(text, mine)) + 1;
  const below = others.findIndex(({ text }, i) => i >= index && takesFrom(text, mine));
  const all = [0, above, below === -1 ? others.length : below, others.length];
  return [...new Set(all)].filter((to) => to !== index);
}

function chainMutations(place: Place, chain: OwnedChain): readonly Mutation[] {
  if (chain.owner === 'foreign') return [];
  return [
    { what: 'delete chain', ...place },
    ...(chain.rules.length > 0 ? [{ what: 'empty chain', ...place } as const] : []),
    ...(chain.owner !== 'shared' && chain.rules.some(({ owner }) => owner === 'docker')
      ? [{ what: 'double chain', ...place } as const]
      : []),
  ];
}

const OTHER_COUNTERS = '3:333';

/** Rules that send packets to the mutated chain. */
function jumpsTo({ chain }: Mutation, table: Table): readonly Rule[] {
  return [...table.chains.values()].flatMap(({ rules }) =>
    rules.filter(({ text }) => targetOf(text) === chain),
  );
}

const tableOf = (live: Ruleset, name: string): Table => live.tables.get(name) ?? { name, chains: new Map() };

/** The mutation as restore input for `--noflush --counters`: what a hasty operator's commands would have come to. */
export function mutationInput(mutation: Mutation, base: OwnedHost, live: HostRules): string {
  const { what, chain, rule, to = 0 } = mutation;
  const rules = rulesOf(live[mutation.family], mutation.table, chain);
  const lines = (): readonly string[] => {
    switch (what) {
      case 'delete':
        return [`-D ${chain} ${String(rules.findIndex(({ text }) => text === rule?.text) + 1)}`];
      case 'double':
        return rule === undefined
          ? []
          : [`[${OTHER_COUNTERS}] -I ${chain} ${String(to + 1)} ${rulespecOf(rule)}`];
      case 'move':
        if (rule === undefined) return [];
        return [
          `-D ${chain} ${String(rules.findIndex(({ text }) => text === rule.text) + 1)}`,
          `[${rule.counters}] -I ${chain} ${String(to + 1)} ${rulespecOf(rule)}`,
        ];
      case 'delete chain': {
        const jumps = jumpsTo(mutation, tableOf(live[mutation.family], mutation.table));
        return [...jumps.map((jump) => `-D ${jump.chain} ${rulespecOf(jump)}`), `-F ${chain}`, `-X ${chain}`];
      }
      case 'empty chain':
        return [`-F ${chain}`];
      case 'double chain':
        return dockersOf(mutation, base).map((text) => `[${OTHER_COUNTERS}] ${text}`);
      default:
        return what satisfies never;
    }
  };
  return [`*${mutation.table}`, ...lines(), 'COMMIT', ''].join('\n');
}

/** Texts of Docker's rules in the mutated chain, as recorded. */
export function dockersOf({ family, table, chain }: Place, base: OwnedHost): readonly string[] {
  const rules = base.families[family].get(table)?.get(chain)?.rules ?? [];
  return rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : []));
}

/** The mutated family as it must be afterwards, worked out without the kernel. */
export function mutated(mutation: Mutation, base: OwnedHost, live: HostRules): Ruleset {
  const ruleset = live[mutation.family];
  const table = tableOf(ruleset, mutation.table);
  const chains = new Map(table.chains);
  const chain = chains.get(mutation.chain);
  if (chain === undefined) throw new Error(`no chain to mutate: ${titleOf(mutation)}`);
  if (mutation.what === 'delete chain') {
    chains.delete(mutation.chain);
    const jumps = new Set(jumpsTo(mutation, table));
    for (const [name, each] of chains)
      chains.set(name, { ...each, rules: each.rules.filter((rule) => !jumps.has(rule)) });
  } else chains.set(chain.name, { ...chain, rules: mutatedRules(mutation, chain, base) });
  return { tables: new Map([...ruleset.tables, [table.name, { ...table, chains }]]) };
}

function mutatedRules(mutation: Mutation, { rules }: Chain, base: OwnedHost): readonly Rule[] {
  const { what, rule, to = 0 } = mutation;
  const others = rules.filter((each) => each !== rule);
  const copy = makeRule(rule?.text ?? '', OTHER_COUNTERS);
  switch (what) {
    case 'delete':
      return others;
    case 'double':
      return rules.toSpliced(to, 0, copy);
    case 'move':
      return rule === undefined ? rules : others.toSpliced(to, 0, rule);
    case 'delete chain':
    case 'empty chain':
      return [];
    case 'double chain':
      return [...rules, ...dockersOf(mutation, base).map((text) => makeRule(text, OTHER_COUNTERS))];
    default:
      return what satisfies never;
  }
}
