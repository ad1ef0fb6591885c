import { createHash } from 'node:crypto';
import type { HostRules } from '../docker/ownership.ts';
import { printRuleset } from '../iptables/print.ts';

/** sha256 of a text, as `sha256:…`. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** A digest of every rule, chain and policy of both families, without counters: equal digests, equal rules. */
export function digestOfRules(rules: HostRules): string {
  return digestOf(`${printRuleset(rules.ipv4)}\n${printRuleset(rules.ipv6)}`);
}
