import { type HostRules, chainOf, isBuiltin } from '../text/model.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import type { Plan } from './plan.ts';
import type { StoredRule } from './plan-json.ts';

/** One chain that a plan names, before or after. Of a run of rules the plan does not name only the ends are kept. */
export interface ChainState {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly exists: boolean;
  readonly policy: string;
  readonly rules: readonly StoredRule[];
}

/** The texts a plan adds or deletes, per chain, in the order first named. */
export function textsByChain(
  plan: Plan,
  family: Family,
  table: string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const chains = new Map<string, Set<string>>();
  for (const input of plan.families[family].tables) {
    if (input.table !== table) continue;
    for (const step of input.steps) {
      const texts = chains.get(step.chain) ?? new Set<string>();
      chains.set(step.chain, texts);
      if ('rule' in step) texts.add(step.rule.text);
    }
  }
  return chains;
}

/**
 * The chains a plan names, as they are in `rules`.
 *
 * @param kept - `ends`: of a run of rules the plan does not name only the first and the last
 */
export function statesOf(plan: Plan, rules: HostRules, kept: 'ends' | 'all' = 'ends'): readonly ChainState[] {
  return FAMILIES.flatMap((family) =>
    plan.families[family].tables.flatMap(({ table }) =>
      [...textsByChain(plan, family, table)].map(([name, texts]): ChainState => {
        const chain = chainOf(rules[family], table, name);
        const all = chain?.rules ?? [];
        const bystander = (index: number): boolean => all[index] !== undefined && !texts.has(all[index].text);
        const amid = (i: number): boolean => bystander(i) && bystander(i - 1) && bystander(i + 1);
        return {
          family,
          table,
          chain: name,
          exists: chain !== undefined,
          policy: chain?.policy ?? (isBuiltin(table, name) ? 'ACCEPT' : '-'),
          rules: all
            .filter((_, i) => kept === 'all' || !amid(i))
            .map(({ text, counters }) => ({ text, counters })),
        };
      }),
    ),
  );
}
