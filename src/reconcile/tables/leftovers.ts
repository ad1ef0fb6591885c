import { looksDockers } from '../../firewall/iptables/ownership/chains.ts';
import { keepsPolicy } from '../../firewall/iptables/ownership/managers.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { Finding } from '../finding.ts';

const SAVE: Readonly<Record<Family, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/**
 * What an Engine with the firewall backend iptables left in iptables' tables on a host that was switched to nftables without a reboot:
 * nothing keeps it up to date, and it decides about packets beside Docker's own tables.
 */
export function iptablesLeftovers(rules: HostRules): readonly Finding[] {
  return FAMILIES.flatMap((family) => [
    ...closedForward(rules, family),
    ...[...rules[family].tables.values()].flatMap((table): readonly Finding[] => {
      const chains = [...table.chains.values()].filter(({ name }) => looksDockers(name));
      const [first] = chains;
      if (first === undefined) return [];
      const number = chains.reduce((sum, chain) => sum + chain.rules.length, 0);
      const tool = SAVE[family];
      return [
        {
          ...{ kind: 'orphan', severity: 'notice', family, table: table.name, chain: first.name },
          consequence: `${String(chains.length)} chains with ${String(number)} rules are left from when Docker's firewall backend was iptables: nobody keeps them up to date. To take them out: ${tool}-save | rulesguard strip | ${tool}-restore`,
        },
      ];
    }),
  ]);
}

/**
 * An Engine with the firewall backend iptables closes FORWARD; one with nftables neither opens it again nor can let anything past it. A
 * firewall that keeps it closed is no leftover: packets say whether it lets Docker's through.
 */
function closedForward(rules: HostRules, family: Family): readonly Finding[] {
  const filter = rules[family].tables.get('filter');
  if (filter?.chains.get('FORWARD')?.policy !== 'DROP' || keepsPolicy(filter)) return [];
  return [
    {
      ...{ kind: 'extra', severity: 'notice', family, table: 'filter', chain: 'FORWARD' },
      consequence: `its policy is DROP: what no rule there accepts is stopped, although Docker's tables let it through. If it is left from when Docker's firewall backend was iptables: ${SAVE[family]} -P FORWARD ACCEPT`,
    },
  ];
}
