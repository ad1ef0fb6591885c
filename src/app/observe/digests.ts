import { digestOf } from '../../digest.ts';
import type { EngineReply } from '../../docker/engine-reply.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { printNftTable } from '../../firewall/nftables/tables/print.ts';
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
  const texts = tables.map((table) => printNftTable(withoutHandles(table), ({ text }) => text));
  return digestOf(`${own}\n${texts.join('')}`);
}

const withoutHandles = (table: NftTable): NftTable => ({
  ...table,
  chains: new Map(
    [...table.chains].map(([name, chain]) => [
      name,
      { ...chain, rules: chain.rules.map((rule) => ({ ...rule, handle: undefined })) },
    ]),
  ),
});

/** Replies with equal digests are equal. */
export const digestOfReply = (reply: EngineReply): string =>
  reply.answered ? digestOf(JSON.stringify(reply.inventory)) : reply.fault.code;
