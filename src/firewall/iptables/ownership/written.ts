import { makeRule, rulespecOf, type Rule } from '../text/model.ts';
import type { OwnedChain, OwnedRule } from './ownership.ts';

/** A rule as it stands in the kernel. */
export const writtenRule = ({ rule, relayed }: Pick<OwnedRule, 'rule' | 'relayed'>): Rule => relayed ?? rule;

/** A rule of Docker's as it stands, or has to stand, in one chain. */
export function inChain(owned: OwnedRule, chain: string): OwnedRule {
  const { relayed, ...own } = owned;
  if (chain === own.rule.chain) return relayed === undefined ? owned : own;
  if (chain === relayed?.chain) return owned;
  return { ...own, relayed: makeRule(`-A ${chain} ${rulespecOf(own.rule)}`, own.rule.counters) };
}

/**
 * The chains of a table as they stand in the kernel: rules in relay chains are in those. A relay chain that several built-in
 * chains lead to is one chain.
 */
export function writtenChains(chains: ReadonlyMap<string, OwnedChain>): ReadonlyMap<string, OwnedChain> {
  if (![...chains.values()].some(({ name, rules }) => rules.some((one) => writtenRule(one).chain !== name)))
    return chains;
  const written = new Map<string, OwnedChain>();
  for (const chain of chains.values()) {
    const parts = new Map<string, OwnedRule[]>([[chain.name, []]]);
    for (const owned of chain.rules) {
      const { chain: name } = writtenRule(owned);
      const part = parts.get(name) ?? [];
      parts.set(name, part);
      part.push(asWritten(owned));
    }
    for (const [name, rules] of parts)
      if (name === chain.name) written.set(name, { ...chain, rules });
      else if (!written.has(name) && !chains.has(name))
        written.set(name, relayChain(chain.table, name, rules));
  }
  return written;
}

function asWritten({ relayed, ...owned }: OwnedRule): OwnedRule {
  return relayed === undefined ? owned : { ...owned, rule: relayed };
}

const relayChain = (table: string, name: string, rules: readonly OwnedRule[]): OwnedChain => ({
  ...{ table, name, builtin: false, owner: 'foreign', unknown: false },
  ...{ policy: '-', policyCounters: '' },
  rules,
});
