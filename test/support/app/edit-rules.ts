import {
  makeRule,
  type Chain,
  type HostRules,
  type Rule,
} from '../../../src/firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../../src/net/family.ts';

/** Every rule of a host in its place, as `ipv4 nat -A DOCKER …`, without counters. */
export const linesOf = (rules: HostRules): readonly string[] =>
  FAMILIES.flatMap((family) =>
    [...rules[family].tables.values()].flatMap((table) =>
      [...table.chains.values()].flatMap((chain) =>
        chain.rules.map(({ text }) => `${family} ${table.name} ${text}`),
      ),
    ),
  );

/** Those lines of one host that another lacks, each as often as it has more of it. */
export function beyond(one: HostRules, other: HostRules): readonly string[] {
  const left = [...linesOf(other)];
  return linesOf(one).filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** The host after each chain of a table was changed. */
function changed(
  rules: HostRules,
  family: Family,
  table: string,
  change: (chain: Chain) => readonly Rule[],
): HostRules {
  const before = rules[family].tables.get(table);
  if (before === undefined) throw new Error(`no table ${table}`);
  const chains = new Map(
    [...before.chains].map(([name, chain]) => [name, { ...chain, rules: change(chain) }]),
  );
  return {
    ...rules,
    [family]: { tables: new Map([...rules[family].tables, [table, { ...before, chains }]]) },
  };
}

/** The host without the rules that match. @throws Error when none does */
export function without(rules: HostRules, family: Family, table: string, match: RegExp): HostRules {
  const left = changed(rules, family, table, (chain) => chain.rules.filter(({ text }) => !match.test(text)));
  if (linesOf(left).length === linesOf(rules).length) throw new Error(`no rule matches ${String(match)}`);
  return left;
}

/** The host after somebody deleted every rule of a table. */
export const flushed = (rules: HostRules, family: Family = 'ipv4', table = 'nat'): HostRules =>
  without(rules, family, table, /^/);

/** The host with one more rule, at the end of its chain, in front of all others, or behind as many as there may be. */
export function withRule(
  rules: HostRules,
  family: Family,
  table: string,
  text: string,
  where: 'last' | 'first' | number = 'last',
): HostRules {
  const rule = makeRule(text, '0:0');
  const added = changed(rules, family, table, (chain) => {
    if (chain.name !== rule.chain) return chain.rules;
    const size = chain.rules.length;
    const at = where === 'first' ? 0 : where === 'last' ? size : where % (size + 1);
    return [...chain.rules.slice(0, at), rule, ...chain.rules.slice(at)];
  });
  if (linesOf(added).length === linesOf(rules).length) throw new Error(`no chain ${rule.chain}`);
  return added;
}

/** The host after so many packets more: nothing else about it changes. */
export const counted = (rules: HostRules, packets: number): HostRules =>
  FAMILIES.flatMap((family) => [...rules[family].tables.keys()].map((table) => ({ family, table }))).reduce(
    (host, { family, table }) =>
      changed(host, family, table, (chain) =>
        chain.rules.map((rule) => ({ ...rule, counters: `${String(packets)}:${String(packets * 60)}` })),
      ),
    rules,
  );

/** The host with another policy of FORWARD. */
export function withPolicy(rules: HostRules, family: Family, policy: string): HostRules {
  const filter = rules[family].tables.get('filter');
  const forward = filter?.chains.get('FORWARD');
  if (filter === undefined || forward === undefined) throw new Error('no FORWARD');
  const chains = new Map([...filter.chains, ['FORWARD', { ...forward, policy }]]);
  return {
    ...rules,
    [family]: { tables: new Map([...rules[family].tables, ['filter', { ...filter, chains }]]) },
  };
}

/** The host with one more chain, which is empty. */
export function withChain(rules: HostRules, family: Family, table: string, name: string): HostRules {
  const before = rules[family].tables.get(table);
  if (before === undefined) throw new Error(`no table ${table}`);
  const chains = new Map([...before.chains, [name, { name, policy: '-', counters: '0:0', rules: [] }]]);
  return {
    ...rules,
    [family]: { tables: new Map([...rules[family].tables, [table, { ...before, chains }]]) },
  };
}
