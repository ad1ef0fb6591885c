import { isBuiltin, makeRule, type Chain, type Rule, type Ruleset, type Table } from '../text/model.ts';

/** Written the way dockerd writes: each rule once, first or last in its chain. */
export class RuleBook {
  private readonly tables = new Map<string, Map<string, Rule[]>>();
  private readonly texts = new Map<string, Set<string>>();

  /** Makes a chain of Docker's, unless it is there. */
  create(table: string, chain: string): void {
    this.rulesOf(table, chain);
  }

  append(table: string, chain: string, spec: string): void {
    const rule = this.fresh(table, chain, spec);
    if (rule !== undefined) this.rulesOf(table, chain).push(rule);
  }

  insert(table: string, chain: string, spec: string): void {
    const rule = this.fresh(table, chain, spec);
    if (rule !== undefined) this.rulesOf(table, chain).unshift(rule);
  }

  /** Takes a rule out and puts it first again, as Engines up to 27 do with their jumps at every network create. */
  raise(table: string, chain: string, spec: string): void {
    const rules = this.rulesOf(table, chain);
    const at = rules.findIndex(({ text }) => text === `-A ${chain} ${spec}`);
    const [rule] = at === -1 ? [] : rules.splice(at, 1);
    if (rule === undefined) this.insert(table, chain, spec);
    else rules.unshift(rule);
  }

  /** The rules as a ruleset. The policy of a built-in chain is '': nothing tells whether Docker set one. */
  ruleset(): Ruleset {
    const tables = [...this.tables].map(([name, chains]): [string, Table] => [
      name,
      {
        name,
        chains: new Map(
          [...chains].map(([chain, rules]): [string, Chain] => [
            chain,
            { name: chain, policy: isBuiltin(name, chain) ? '' : '-', counters: '', rules },
          ]),
        ),
      },
    ]);
    return { tables: new Map(tables) };
  }

  private fresh(table: string, chain: string, spec: string): Rule | undefined {
    const rule = makeRule(`-A ${chain} ${spec}`);
    const key = `${table} ${chain}`;
    const texts = this.texts.get(key) ?? new Set<string>();
    this.texts.set(key, texts);
    if (texts.has(rule.text)) return undefined;
    texts.add(rule.text);
    return rule;
  }

  private rulesOf(table: string, chain: string): Rule[] {
    const chains = this.tables.get(table) ?? new Map<string, Rule[]>();
    this.tables.set(table, chains);
    const rules = chains.get(chain) ?? [];
    chains.set(chain, rules);
    return rules;
  }
}
