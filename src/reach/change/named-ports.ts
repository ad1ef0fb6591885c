import type { Rule, Ruleset } from '../../firewall/iptables/text/model.ts';
import { isDockersListed, isDockersTable } from '../../firewall/nftables/ownership/ownership.ts';
import { parseNativeTable } from '../../firewall/nftables/text/parse.ts';
import { FAMILIES } from '../../net/family.ts';
import { portRange } from '../../trace/match/ports.ts';
import { partsOf, type RuleParts } from '../../trace/match/rule-parts.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import type { AskedPort } from '../terrain.ts';
import { changedChains, onlyOfInput } from './touched.ts';

/**
 * Ports, and ICMP, that rules name which a change adds or takes away, or leads packets to: what becomes of them no usual question tells.
 *
 * @param isDockers - whether a rule is Docker's own: the ports of those are asked anyway
 */
export function namedPorts(
  before: NetworkState,
  after: NetworkState,
  isDockers: (rule: Rule) => boolean,
): readonly AskedPort[] {
  const found = new Map<string, AskedPort>();
  const add = (named: readonly AskedPort[]): void => {
    for (const one of named) found.set(`${one.proto} ${String(one.port)}`, one);
  };
  for (const variant of VARIANTS)
    for (const family of FAMILIES) {
      const rulesOf = (state: NetworkState): Ruleset =>
        state.rulesets.find((one) => one.variant === variant)?.rules[family] ?? NOTHING;
      for (const rule of concerned(rulesOf(before), rulesOf(after))) if (!isDockers(rule)) add(portsOf(rule));
    }
  for (const text of changedTables(before, after)) add(portsIn(text));
  return [...found.values()];
}

const VARIANTS = ['nft', 'legacy'] as const;
const NOTHING: Ruleset = { tables: new Map() };

/** Rules that come or go in chains that packets of containers meet, and those of chains they lead to. */
function concerned(before: Ruleset, after: Ruleset): readonly Rule[] {
  const inputs = new Set([...onlyOfInput(before)].filter((chain) => onlyOfInput(after).has(chain)));
  return changedChains(before, after).flatMap(({ table, chain }) => {
    if (table === 'filter' && inputs.has(chain)) return [];
    const [was, is] = [before, after].map(({ tables }) => tables.get(table)?.chains);
    const rulesIn = (name: string): readonly Rule[] => [
      ...(was?.get(name)?.rules ?? []),
      ...(is?.get(name)?.rules ?? []),
    ];
    const texts = (of: typeof was): ReadonlySet<string> =>
      new Set(of?.get(chain)?.rules.map(({ text }) => text));
    const [old, now] = [texts(was), texts(is)];
    const seen = new Set([chain]);
    const rules = rulesIn(chain).filter(({ text }) => !old.has(text) || !now.has(text));
    for (const rule of rules) {
      const target = partsOf(rule).target?.name ?? '';
      if (seen.has(target)) continue;
      seen.add(target);
      // A loop over an array also visits what is added during the loop.
      rules.push(...rulesIn(target));
    }
    return rules;
  });
}

const PROTOS = ['tcp', 'udp', 'sctp'] as const;
const isPorted = (name: string): name is (typeof PROTOS)[number] => PROTOS.some((one) => one === name);

function portsOf(rule: Rule): readonly AskedPort[] {
  if (rule.printed !== undefined) return [];
  const { base, matches }: RuleParts = partsOf(rule);
  const proto = base.find(({ name }) => name === '-p')?.values[0] ?? '';
  if (proto === 'icmp' || proto === 'ipv6-icmp') return [ICMP];
  if (!isPorted(proto)) return [];
  return matches
    .flatMap(({ options }) => options)
    .filter(({ name }) => /^--(?:dports?|ports)$/.test(name))
    .flatMap(({ values: [list = ''] }) => edges(list.split(',')))
    .map((port) => ({ proto, port }));
}

const ICMP: AskedPort = { proto: 'icmp', port: 0 };

/** The ports of a list, and the first and last of each range: between them no other rule is known to tell apart. */
const edges = (list: readonly string[]): readonly number[] =>
  list.flatMap((one) => portRange(one.trim()) ?? []).filter((port) => port > 0);

/** Texts of nftables' own tables that differ, as they were and as they are; of Docker's what is not Docker's. */
function changedTables(before: NetworkState, after: NetworkState): readonly string[] {
  const [was, is] = [before, after].map(
    ({ natives = [] }) => new Map(natives.map((one) => [one.table, one.text])),
  );
  const names = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])]);
  return [...names].flatMap((name) =>
    was?.get(name) === is?.get(name)
      ? []
      : [was?.get(name) ?? '', is?.get(name) ?? ''].map((text) => withoutDockers(name, text)),
  );
}

/** What a table says without the rules that Docker writes: the ports of those are asked anyway. */
function withoutDockers(name: string, text: string): string {
  if (!isDockersTable(name)) return text;
  const table = parseNativeTable(text);
  if (table === undefined) return text;
  return [...table.chains.values()]
    .flatMap((chain) => chain.rules.filter((rule) => !isDockersListed(name, chain.name, rule.text)))
    .map((rule) => rule.text)
    .join('\n');
}

/** Ports that the rules of a table of nftables' own name. */
function portsIn(text: string): readonly AskedPort[] {
  const ported = [...text.matchAll(/\b(tcp|udp|sctp|th) dport (?:!= )?(\{[^}]*\}|\S+)/g)];
  return [
    ...ported.flatMap(([, header = '', list = '']) =>
      edges(
        list
          .replaceAll(/[{}]/g, '')
          .split(',')
          .map((one) => one.trim().replace('-', ':')),
      ).flatMap((port) =>
        (isPorted(header) ? [header] : (['tcp', 'udp'] as const)).map((proto) => ({ proto, port })),
      ),
    ),
    ...(/\b(?:icmp|icmpv6|ipv6-icmp)\b/.test(text) ? [ICMP] : []),
  ];
}
