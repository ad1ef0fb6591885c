import type { Chain, Rule, Ruleset, Table, Variant } from '../../firewall/iptables/text/model.ts';
import type { Family } from '../../net/family.ts';
import type { VariantRules } from '../../trace/network-state.ts';

/** A rule, and where it stands. */
interface StandingRule {
  readonly rule: Rule;
  /** `native` of nftables' own tables, which are left whole. */
  readonly variant: Variant | 'native';
  readonly table: string;
  readonly chain: Chain;
  /** Its number in its chain. */
  readonly at: number;
  readonly needs: { readonly leadsTo: readonly string[] };
}

/** Rulesets with some of their rules alone, to which others are added: only the chains that get any are made again. */
export class CutRules {
  /** Containers that the rules lead to. */
  readonly leadsTo: readonly string[];
  private readonly held: ReadonlyMap<Chain, readonly StandingRule[]>;
  private readonly family: Family;
  private readonly rulesets: readonly VariantRules[];

  /** @param held - the rules that are left, each once */
  constructor(rulesets: readonly VariantRules[], family: Family, held: readonly StandingRule[]) {
    this.family = family;
    this.held = byChain(held);
    this.leadsTo = held.flatMap(({ needs }) => needs.leadsTo);
    this.rulesets = rulesets.map(({ variant, rules }) => ({
      variant,
      rules: { ...rules, [family]: mapChains(rules[family], (chain) => this.filled(chain, [])) },
    }));
  }

  /** The rulesets with further rules at their places. @param others - one may be among them twice */
  with(others: readonly StandingRule[]): readonly VariantRules[] {
    const { family } = this;
    const chains = byChain([...new Set(others)]);
    return this.rulesets.map(({ variant, rules }) => {
      const tables = new Map<string, Table>(rules[family].tables);
      const opened = new Map<string, Map<string, Chain>>();
      for (const [chain, extra] of chains) {
        const [first] = extra;
        if (first?.variant !== variant) continue;
        const table = tables.get(first.table);
        if (table === undefined) continue;
        const held = opened.get(table.name) ?? new Map(table.chains);
        if (!opened.has(table.name)) tables.set(table.name, { ...table, chains: held });
        opened.set(table.name, held.set(chain.name, this.filled(chain, extra)));
      }
      return { variant, rules: { ...rules, [family]: { ...rules[family], tables } } };
    });
  }

  private filled(chain: Chain, extra: readonly StandingRule[]): Chain {
    const all = [...(this.held.get(chain) ?? []), ...extra].sort((a, b) => a.at - b.at);
    return { ...chain, rules: all.map(({ rule }) => rule) };
  }
}

function byChain(rules: readonly StandingRule[]): ReadonlyMap<Chain, readonly StandingRule[]> {
  const found = new Map<Chain, StandingRule[]>();
  for (const one of rules) {
    const list = found.get(one.chain) ?? [];
    found.set(one.chain, list);
    list.push(one);
  }
  return found;
}

const mapChains = ({ tables }: Ruleset, map: (chain: Chain) => Chain): Ruleset => ({
  tables: new Map(
    [...tables].map(([name, table]) => [
      name,
      { ...table, chains: new Map([...table.chains].map(([chain, held]) => [chain, map(held)] as const)) },
    ]),
  ),
});
