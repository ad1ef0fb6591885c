import type { Network } from '../../docker/inventory/inventory.ts';
import {
  makeRule,
  type Chain,
  type HostRules,
  type Ruleset,
  type Table,
} from '../../firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { sh } from '../../shell.ts';

/** The chains `ufw route` writes to. */
const ROUTES: Readonly<Record<Family, string>> = { ipv4: 'ufw-user-forward', ipv6: 'ufw6-user-forward' };

/** Which of a bridge's packets ufw is to let through: those that leave it, or both ways. */
export type UfwRoutes = 'none' | 'leaving' | 'both';

/**
 * The rules once ufw lets packets of Docker's bridges through. With iptables Docker's accept stands before ufw's filter; its tables of
 * nftables do not end what iptables decides.
 */
export function withUfwRoutes(
  rules: HostRules,
  networks: readonly Pick<Network, 'bridge'>[],
  routes: UfwRoutes,
): { readonly rules: HostRules; readonly commands: readonly string[] } {
  const bridges = [...new Set(networks.flatMap(({ bridge }) => (bridge === '' ? [] : [bridge])))];
  if (routes === 'none') return { rules, commands: [] };
  const ways = routes === 'leaving' ? (['in'] as const) : (['in', 'out'] as const);
  const of = (family: Family): Ruleset => {
    const filter = rules[family].tables.get('filter');
    const chain = filter?.chains.get(ROUTES[family]);
    if (filter === undefined || chain === undefined) return rules[family];
    const added = bridges.flatMap((bridge) =>
      ways.map((way) => makeRule(`-A ${chain.name} -${way === 'in' ? 'i' : 'o'} ${bridge} -j ACCEPT`)),
    );
    const chains = new Map<string, Chain>([
      ...filter.chains,
      [chain.name, { ...chain, rules: [...chain.rules, ...added] }],
    ]);
    return { tables: new Map<string, Table>([...rules[family].tables, ['filter', { ...filter, chains }]]) };
  };
  const [ipv4, ipv6] = FAMILIES.map(of);
  return {
    rules: { ipv4: ipv4 ?? rules.ipv4, ipv6: ipv6 ?? rules.ipv6 },
    commands: bridges.flatMap((bridge) => ways.map((way) => sh`ufw route allow ${way} on ${bridge}`)),
  };
}
