import type { OwnedHost, Owner } from '../docker/ownership.ts';
import type { Rule } from '../iptables/model.ts';
import { splitWords } from '../iptables/words.ts';
import { commandLine } from '../shell.ts';
import type { Facts } from './facts.ts';

/** Whose a rule is; undefined for a policy. */
export function ownerOf(
  rule: Rule | undefined,
  table: string,
  family: 'ipv4' | 'ipv6',
  owned: OwnedHost | undefined,
): Owner {
  const rules = rule === undefined ? [] : (owned?.families[family].get(table)?.get(rule.chain)?.rules ?? []);
  return rules.find((one) => one.rule.text === rule?.text)?.owner ?? 'foreign';
}

export const toolOf = (family: 'ipv4' | 'ipv6', backend: string, facts: Facts): string =>
  `${family === 'ipv4' ? 'iptables' : 'ip6tables'}${backend === facts.backend ? '' : `-${backend}`}`;

/** The command that takes one rule out. */
export function takeOut(
  rule: Rule,
  table: string,
  family: 'ipv4' | 'ipv6',
  backend: string,
  facts: Facts,
): string {
  return `${toolOf(family, backend, facts)} ${deletion(rule, table)}`;
}

/**
 * The words that take a rule out, behind the tool's name. A rule's comment may hold anything, and whoever pastes it is root:
 * save's own quoting is not the shell's.
 */
export const deletion = (rule: Rule, table: string): string => {
  const [, chain = '', ...spec] = splitWords(rule.text).words;
  return commandLine(['-w', '-t', table, '-D', chain, ...spec]);
};
