import { digestOf } from '../../digest.ts';
import type { EngineReply } from '../../docker/engine-reply.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { linesOf } from '../../firewall/nftables/simulate/same.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import type { LiveFirewall } from '../../reconcile/tables/live-firewall.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';

/** A digest of every rule, chain and policy of both families, without counters: equal digests, equal rules. */
export function digestOfRules(rules: HostRules): string {
  return digestOf(`${printRuleset(rules.ipv4)}\n${printRuleset(rules.ipv6)}`);
}

/** As {@link digestOfRules}, with Docker's own tables of nftables: without what was counted, and without handles. */
export function digestOfLive({ rules, tables }: LiveFirewall): string {
  const own = digestOfRules(rules);
  if (tables === undefined) return own;
  return digestOf(`${own}\n${digestOfTables(tables)}`);
}

/** A digest of tables, without what was counted, and without handles. */
export const digestOfTables = (tables: readonly NftTable[]): string =>
  digestOf(tables.flatMap((table) => [tableName(table), ...linesOf(table)]).join('\n'));

/** Replies with equal digests are equal. */
export const digestOfReply = (reply: EngineReply): string =>
  reply.answered ? digestOf(JSON.stringify(reply.inventory)) : reply.fault.code;
