import type { Family } from '../../../net/family.ts';
import type { NftBase, NftChain, NftMap, NftRule, NftSet, NftStatement, NftTable } from '../tables/model.ts';
import { nftRule } from '../tables/rule.ts';

/**
 * In which order dockerd keeps the rules of one chain, whenever it writes them (moby, the rule groups of nftabler): it writes a chain
 * whole, group by group, and within a group in the order of writing.
 */
const GROUPS = ['initial', 'mark', 'links', 'icc', 'ports', 'final'] as const;
type RuleGroup = (typeof GROUPS)[number];

type GroupedRules = Readonly<Record<RuleGroup, NftRule[]>>;

/** A table as dockerd keeps it in memory: each rule once in its chain. */
export class TableBook {
  private readonly chains = new Map<
    string,
    { readonly base: NftBase | undefined; readonly rules: GroupedRules }
  >();
  private readonly texts = new Map<string, Set<string>>();
  private readonly maps = new Map<string, NftMap & { readonly elements: Map<string, string> }>();
  private readonly sets = new Map<string, NftSet>();
  private readonly family: Family;
  private readonly name: string;

  constructor(family: Family, name: string) {
    this.family = family;
    this.name = name;
  }

  chain(name: string, base?: NftBase): void {
    const rules = { initial: [], mark: [], links: [], icc: [], ports: [], final: [] };
    this.chains.set(name, { base, rules });
    this.texts.set(name, new Set());
  }

  map(name: string, type: string): void {
    this.maps.set(name, { name, type, elements: new Map() });
  }

  element(map: string, key: string, chain: string): void {
    this.maps.get(map)?.elements.set(key, `jump ${chain}`);
  }

  set(name: string, type: string, elements: readonly string[]): void {
    this.sets.set(name, { name, type, elements: [...elements].sort() });
  }

  /** Adds a rule; nothing for a chain that is not there, as for a port of a network that is gone. */
  rule(chain: string, group: RuleGroup, statements: readonly NftStatement[], comment = ''): void {
    const rule = nftRule(statements, { comment });
    const texts = this.texts.get(chain);
    if (texts === undefined || texts.has(rule.text)) return;
    texts.add(rule.text);
    this.chains.get(chain)?.rules[group].push(rule);
  }

  table(): NftTable {
    const chains = [...this.chains].map(([name, { base, rules }]): [string, NftChain] => [
      name,
      { name, base, rules: GROUPS.flatMap((group) => rules[group]) },
    ]);
    const { family, name, sets } = this;
    const maps = [...this.maps].map(([map, { type, elements }]): [string, NftMap] => [
      map,
      { name: map, type, elements: new Map([...elements].sort(([a], [b]) => (a < b ? -1 : 1))) },
    ]);
    return { family, name, chains: new Map(chains), maps: new Map(maps), sets, others: [] };
  }
}
