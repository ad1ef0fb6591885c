import { looksDockers } from '../../firewall/iptables/ownership/chains.ts';
import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { Chain, HostRules, Rule, Ruleset, Table } from '../../firewall/iptables/text/model.ts';
import { targetOf } from '../../firewall/iptables/text/view.ts';
import type { Family } from '../../net/family.ts';

/**
 * The rules of iptables once Docker writes none there: without its rules and chains, DOCKER-USER among them, to which nothing leads then.
 *
 * @param owned - the same rules, owned
 * @param keepsPolicy - whether somebody else closes FORWARD; where only Docker did it is open after a boot
 */
export function withoutDockers(
  rules: HostRules,
  owned: OwnedHost,
  keepsPolicy: (family: Family) => boolean,
): HostRules {
  const of = (family: Family): Ruleset => ({
    tables: new Map(
      [...rules[family].tables].map(([name, table]): [string, Table] => {
        const known = owned.families[family].get(name);
        const chains = [...table.chains].flatMap(([chain, held]): [string, Chain][] => {
          if (looksDockers(chain)) return [];
          const dockers = new Set(
            known
              ?.get(chain)
              ?.rules.flatMap(({ owner, rule, relayed }) => (owner === 'docker' ? [relayed ?? rule] : [])),
          );
          const stays = (rule: Rule): boolean =>
            !dockers.has(rule) && !looksDockers(targetOf(rule.text) ?? '');
          const opens = name === 'filter' && chain === 'FORWARD' && !keepsPolicy(family);
          return [
            [
              chain,
              {
                ...held,
                policy: opens ? 'ACCEPT' : held.policy,
                rules: held.rules.filter(stays),
              },
            ],
          ];
        });
        return [name, { ...table, chains: new Map(chains) }];
      }),
    ),
  });
  return { ipv4: of('ipv4'), ipv6: of('ipv6') };
}
