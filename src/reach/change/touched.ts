import { isBuiltin, type Chain, type HostRules, type Ruleset } from '../../firewall/iptables/text/model.ts';
import { viewRule } from '../../firewall/iptables/text/view.ts';
import { FAMILIES } from '../../net/family.ts';
import type { Cell } from '../cell.ts';

/**
 * Whether a change of rules may concern ways of which it is not known what becomes of them: any does that touches more than what only
 * packets to this host itself meet.
 */
export function mayConcern(before: HostRules, after: HostRules, unknown: readonly Cell[]): boolean {
  if (unknown.length === 0) return false;
  return FAMILIES.some((family) => {
    const changed = changedChains(before[family], after[family]);
    if (changed.length === 0) return false;
    const inputs = new Set([before[family], after[family]].flatMap((rules) => [...onlyOfInput(rules)]));
    const isOfInput = unknown.some(
      ({ is }) =>
        is.is === 'unknown' &&
        (is.leg === 'proxy' || (is.end.at === 'unknown' && inputs.has(is.end.chain ?? ''))),
    );
    return isOfInput || changed.some(({ table, chain }) => table !== 'filter' || !inputs.has(chain));
  });
}

interface ChangedChain {
  readonly table: string;
  readonly chain: string;
}

/** Chains whose rules or policy differ. */
export function changedChains(before: Ruleset, after: Ruleset): readonly ChangedChain[] {
  const tables = new Set([...before.tables.keys(), ...after.tables.keys()]);
  return [...tables].flatMap((table) => {
    const [was, is] = [before.tables.get(table)?.chains, after.tables.get(table)?.chains];
    const names = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])]);
    return [...names].flatMap((chain) =>
      textOf(was?.get(chain)) === textOf(is?.get(chain)) ? [] : [{ table, chain }],
    );
  });
}

const textOf = (chain: Chain | undefined): string =>
  chain === undefined ? '' : [chain.policy, ...chain.rules.map(({ text }) => text)].join('\n');

/** Chains of filter that nothing but INPUT leads to. */
export function onlyOfInput(rules: Ruleset): ReadonlySet<string> {
  const chains = rules.tables.get('filter')?.chains ?? new Map<string, Chain>();
  const elsewhere = ledTo(chains, ['FORWARD', 'OUTPUT']);
  return new Set([...chains.keys()].filter((name) => !elsewhere.has(name)));
}

/** Chains of a table that packets get to: built-in ones, and those they lead to. */
export function metChains(rules: Ruleset, table: string): ReadonlySet<string> {
  const chains = rules.tables.get(table)?.chains ?? new Map<string, Chain>();
  return ledTo(
    chains,
    [...chains.keys()].filter((name) => isBuiltin(table, name)),
  );
}

function ledTo(chains: ReadonlyMap<string, Chain>, from: readonly string[]): ReadonlySet<string> {
  const found = new Set(from);
  // A loop over a Set also visits what is added during the loop.
  for (const name of found)
    for (const rule of chains.get(name)?.rules ?? []) {
      const target = viewRule(rule).verdict?.target;
      if (target !== undefined && chains.has(target)) found.add(target);
    }
  return found;
}
