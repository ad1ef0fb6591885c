import type { Chain, Rule, Ruleset } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import type { NetworkState, RouteRule } from '../../trace/network-state.ts';
import { memory } from '../../trace/memory.ts';
import { deciderKey, type Decider } from './decider.ts';

const wholes = memory<NetworkState>();

/** A host without some of what decides there: rules gone, those of policy routing included, policies ACCEPT, native tables gone altogether. */
export function stateWithout(netState: NetworkState, gone: readonly Decider[]): NetworkState {
  const rules = new Set<Rule>();
  const policies = new Set<string>();
  const tables = new Set<string>();
  const routing = new Set<RouteRule>();
  for (const one of gone) {
    if (one.by === 'rule') rules.add(one.rule);
    if (one.by === 'policy') policies.add([one.family, one.variant, one.table, one.chain].join(' '));
    if (one.by === 'native') tables.add(one.table);
    if (one.by === 'kernel' && one.routedBy !== undefined) routing.add(one.routedBy);
  }
  const chainLeft = (chain: Chain, place: string): Chain => ({
    ...chain,
    ...(policies.has(`${place} ${chain.name}`) && { policy: 'ACCEPT' }),
    rules: chain.rules.some((rule) => rules.has(rule))
      ? chain.rules.filter((rule) => !rules.has(rule))
      : chain.rules,
  });
  const left = ({ tables: held }: Ruleset, place: string): Ruleset => ({
    tables: new Map(
      [...held].map(([name, table]) => [
        name,
        {
          ...table,
          chains: new Map(
            [...table.chains].map(([key, chain]) => [key, chainLeft(chain, `${place} ${name}`)] as const),
          ),
        },
      ]),
    ),
  });
  const { whole } = netState;
  // What is asked of neighbours is asked of all rules: by IPv6 alone.
  const isWholeCut = whole !== undefined && gone.some(({ family }) => family === 'ipv6');
  return {
    ...netState,
    cutFrom: netState.cutFrom ?? netState,
    ...(isWholeCut && {
      whole: wholes(whole, gone.map(deciderKey).join('\n'), () => stateWithout(whole, gone)),
    }),
    rulesets: netState.rulesets.map(({ variant, rules: all }) => {
      const [ipv4, ipv6] = FAMILIES.map((family) => left(all[family], `${family} ${variant}`));
      return { variant, rules: { ipv4: ipv4 ?? all.ipv4, ipv6: ipv6 ?? all.ipv6 } };
    }),
    ...(routing.size > 0 && { routeRules: netState.routeRules.filter((rule) => !routing.has(rule)) }),
    ...(tables.size > 0 && { natives: netState.natives?.filter(({ table }) => !tables.has(table)) }),
  };
}
