import { digestOf } from '../../digest.ts';
import type { EngineReply } from '../../docker/engine-reply.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';

/** A digest of every rule, chain and policy of both families, without counters: equal digests, equal rules. */
export function digestOfRules(rules: HostRules): string {
  return digestOf(`${printRuleset(rules.ipv4)}\n${printRuleset(rules.ipv6)}`);
}

/** Replies with equal digests are equal. */
export const digestOfReply = (reply: EngineReply): string =>
  reply.answered ? digestOf(JSON.stringify(reply.inventory)) : reply.fault.code;
