import type { OwnedHost, Owner } from '../docker/ownership.ts';
import { rulespecOf, type Rule } from '../iptables/model.ts';
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
  return `${toolOf(family, backend, facts)} -w -t ${table} -D ${rule.chain} ${rulespecOf(rule)}`;
}
