import { conditionsOf } from './conditions.ts';
import type { KernelRule, KernelRules } from './bytecode.ts';
import { chainKey } from './bytecode.ts';
import type { Family } from '../../../net/family.ts';
import { makeRule, type Chain, type Rule, type Ruleset, type Table } from './model.ts';
import { writtenConditions } from './written-conditions.ts';

/**
 * Whether a save prints a rule in full: each instruction in the kernel is one that iptables-nft (1.8.9 to 1.8.13) writes
 * itself, and is in the text.
 *
 * @param rule - as saved
 * @param held - the same rule as the kernel holds it
 */
export function saysAll(rule: Pick<Rule, 'text'>, held: Pick<KernelRule, 'code'>, family: Family): boolean {
  const conditions = conditionsOf(held.code, family);
  if (conditions === undefined) return false;
  const { named, ports } = writtenConditions(rule.text);
  const left = new Map(conditions.named);
  const takes = (name: string, count = 1): boolean => {
    const now = (left.get(name) ?? 0) - count;
    left.set(name, now);
    return now >= 0;
  };
  for (const [name, count] of named)
    // A comment may be kept beside a rule's instructions; it decides nothing.
    if (!takes(name, name === COMMENT ? Math.min(count, left.get(COMMENT) ?? 0) : count)) return false;
  for (const { match, options } of ports) {
    // Either the match is held whole, or its options are, each by itself.
    if ((left.get(match) ?? 0) > 0) takes(match);
    else if (!options.every((option) => takes(option))) return false;
    else if (options.length === 0 && conditions.always.size === 0) return false;
  }
  return [...left].every(([name, count]) => count === 0 || conditions.always.has(name));
}

const COMMENT = '-m comment';

/** A save compared with the kernel's rules. */
export interface Judged {
  readonly ruleset: Ruleset;
  /** Chains that changed between the two reads, as {@link chainKey}: whether their rules are printed in full is not known. */
  readonly moving: readonly string[];
}

/**
 * A save in which each rule that it prints only in part has nft's text instead ({@link Rule.printed} keeps the save's), so
 * that it is mistaken for no other rule and no iptables-restore can load it.
 *
 * @param held - the rules of the chains to be judged; a chain that is not in it is left as it is
 * @param judged - whether a chain was listed
 */
export function withHidden(
  ruleset: Ruleset,
  family: Family,
  held: KernelRules,
  judged: (table: string, chain: string) => boolean,
): Judged {
  const moving: string[] = [];
  const chainOf = (table: string, chain: Chain): Chain => {
    if (!judged(table, chain.name)) return chain;
    const own = held.get(chainKey(family, table, chain.name)) ?? [];
    if (own.length !== chain.rules.length) {
      moving.push(chainKey(family, table, chain.name));
      return chain;
    }
    const rules = chain.rules.map((rule, index) => {
      const kernel = own[index];
      return kernel === undefined || saysAll(rule, kernel, family) ? rule : hidden(rule, kernel);
    });
    return rules.every((rule, index) => rule === chain.rules[index]) ? chain : { ...chain, rules };
  };
  const tableOf = (table: Table): Table => {
    const chains = [...table.chains].map(([name, chain]) => [name, chainOf(table.name, chain)] as const);
    return chains.every(([name, chain]) => table.chains.get(name) === chain)
      ? table
      : { name: table.name, chains: new Map(chains) };
  };
  const tables = [...ruleset.tables].map(([name, table]) => [name, tableOf(table)] as const);
  const isSame = tables.every(([name, table]) => ruleset.tables.get(name) === table);
  return { ruleset: isSame ? ruleset : { tables: new Map(tables) }, moving };
}

function hidden(rule: Rule, { words, code, handle }: KernelRule): Rule {
  // Nft lists an extension of iptables' in a form that nft itself cannot load.
  const isMixed = code.some((instruction) => /^(?:match|target) name /.test(instruction));
  const own = words === '' || isMixed ? code.join(', ') : words;
  return {
    ...makeRule(`-A ${rule.chain} ${NATIVE} ${own}`, rule.counters),
    line: rule.line,
    printed: rule.text,
    handle,
  };
}

/** What precedes nft's text in a rule's text; iptables-restore refuses it as a bad argument. */
export const NATIVE = '(nft)';

/** A match on ports without any of its options: it may have a range that old tools do not print (`! --sport 0:65535`). */
const EMPTY_MATCH = / -m (?:tcp|udp|udplite|sctp|dccp|ah|esp|ipcomp)(?= -[mjg] |$)/;

/** Whether a rule can be loaded again from its text alone. */
export const saysAllAlone = ({ text, printed }: Pick<Rule, 'text' | 'printed'>): boolean =>
  printed === undefined && !EMPTY_MATCH.test(text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""'));

/** The rules of a ruleset that its save printed only in part. */
export function* hiddenIn({ tables }: Ruleset): Generator<{ readonly table: string; readonly rule: Rule }> {
  for (const { name: table, chains } of tables.values())
    for (const { rules } of chains.values())
      for (const rule of rules) if (rule.printed !== undefined) yield { table, rule };
}
