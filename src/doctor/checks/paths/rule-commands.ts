import { iptablesOf } from '../../../firewall/iptables/text/tools.ts';
import type { OwnedHost, Owner } from '../../../firewall/iptables/ownership/ownership.ts';
import type { Rule } from '../../../firewall/iptables/text/model.ts';
import { splitWords } from '../../../firewall/iptables/text/words.ts';
import { commandLine } from '../../../shell.ts';
import type { Facts } from '../../facts/facts.ts';

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

export const toolOf = (family: 'ipv4' | 'ipv6', variant: string, facts: Facts): string =>
  `${iptablesOf(family)}${variant === facts.variant ? '' : `-${variant}`}`;

/** The command that takes one rule out. */
export function takeOut(
  rule: Rule,
  table: string,
  family: 'ipv4' | 'ipv6',
  variant: string,
  facts: Facts,
): string {
  return `${toolOf(family, variant, facts)} ${deletion(rule, table)}`;
}

/**
 * The arguments that delete a rule, behind the tool's name. A rule's comment may hold anything, and whoever pastes it is root:
 * save's own quoting is not the shell's.
 */
export const deletion = (rule: Rule, table: string): string => {
  const [, chain = '', ...spec] = splitWords(rule.text).words;
  return commandLine(['-w', '-t', table, '-D', chain, ...spec]);
};
