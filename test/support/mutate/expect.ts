import { type Finding } from '../../../src/reconcile/finding.ts';
import type { Plan } from '../../../src/firewall/iptables/plan/plan.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import { rulesOf } from '../../../src/firewall/iptables/text/model.ts';
import { targetOf } from '../../../src/firewall/iptables/text/view.ts';
import { dockersOf, type Mutation } from './mutate.ts';
import { wronglyCrossed } from './order.ts';
import type { Settled } from './samples.ts';

/** A finding by what it is about. */
export const nameOf = ({
  kind,
  family,
  table,
  chain,
  rule,
}: Pick<Finding, 'kind' | 'family' | 'table' | 'chain' | 'rule'>): string =>
  [kind, family, table, rule ?? chain].join(' ');

/** The findings a mutation other than a move must lead to, by name. */
function expectedNames(mutation: Mutation, { base, rules }: Settled): readonly string[] {
  const { what, family, table, chain, rule } = mutation;
  const place = { family, table, chain };
  const named = (kind: Finding['kind'], texts: readonly string[]): readonly string[] =>
    texts.map((text) => nameOf({ kind, ...place, rule: text }));
  const shared =
    base.families[family]
      .get(table)
      ?.get(chain)
      ?.rules.filter(({ owner }) => owner === 'shared') ?? [];
  const content = [
    ...named('missing', dockersOf(mutation, base)),
    ...named(
      'content-lost',
      shared.map(({ rule: { text } }) => text),
    ),
  ];
  const jumps = [...(rules[family].tables.get(table)?.chains.values() ?? [])].flatMap((each) =>
    each.rules.flatMap(({ text }) => (targetOf(text) === chain ? [text] : [])),
  );
  switch (what) {
    case 'delete':
      return named('missing', rule === undefined ? [] : [rule.text]);
    case 'double':
      return named('duplicate', rule === undefined ? [] : [rule.text]);
    case 'delete chain':
      return [nameOf({ kind: 'chain-missing', ...place }), ...content, ...named('missing', jumps)];
    case 'empty chain':
      return content;
    case 'double chain':
      return named('duplicate', dockersOf(mutation, base));
    default:
      return [];
  }
}

/** What is wrong with the findings that a mutation led to. */
export function findingTroubles(
  mutation: Mutation,
  settled: Settled,
  damage: readonly Finding[],
): readonly string[] {
  const { what, family, table, chain, rule, to } = mutation;
  const names = damage.map(nameOf).sort();
  if (what !== 'move' || rule === undefined || to === undefined) {
    const expected = [...expectedNames(mutation, settled)].sort();
    return names.join('\n') === expected.join('\n')
      ? []
      : [`found ${show(names)} instead of ${show(expected)}`];
  }
  const crossed = wronglyCrossed(`${table} ${chain}`, rulesOf(settled.rules[family], table, chain), rule, to);
  if (names.length === 0)
    return crossed.length === 0 ? [] : [`not found, although it crossed ${show(crossed)}`];
  if (crossed.length === 0) return [`harmless, but found ${show(names)}`];
  const mine = nameOf({ kind: 'misplaced', ...mutation, rule: rule.text });
  // Two rules that changed places: either of them may be called the one that moved.
  const others =
    crossed.length === 1 ? crossed.map((text) => nameOf({ kind: 'misplaced', ...mutation, rule: text })) : [];
  return names.length === 1 && [mine, ...others].includes(names[0] ?? '')
    ? []
    : [`found ${show(names)} instead of ${mine}`];
}

const show = (names: readonly string[]): string =>
  names.length === 0 ? 'nothing' : names.map((name) => `\n    ${name}`).join('');

/** Fewest edits: one for a rule that is gone, two for one that moved, and no rule of others among them. */
export function planTroubles({ what }: Mutation, plan: Plan): readonly string[] {
  const most = { delete: 1, double: 3, move: 2 } as const;
  const steps = FAMILIES.flatMap((family) => plan.families[family].tables.flatMap((table) => table.steps));
  const limit = what === 'delete' || what === 'double' || what === 'move' ? most[what] : Infinity;
  return [
    ...(steps.length <= limit ? [] : [`${String(steps.length)} steps`]),
    ...(plan.leftOut.length === 0 ? [] : [`left out ${JSON.stringify(plan.leftOut)}`]),
  ];
}
