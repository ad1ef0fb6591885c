import type { NetworkState } from '../trace/network-state.ts';

/**
 * Gives a port of a bridge that stands for any of its ports, since all are alike and no rule tells them apart; '' where that does
 * not hold.
 */
export function portStandIn({ links, rulesets }: NetworkState): (bridge: string) => string {
  const isAsked = rulesets.some(({ rules }) =>
    [rules.ipv4, rules.ipv6].some(({ tables }) =>
      [...tables.values()].some(({ chains }) =>
        [...chains.values()].some((chain) => chain.rules.some(({ text }) => text.includes('--physdev-'))),
      ),
    ),
  );
  const first = new Map<
    string,
    { readonly name: string; readonly nature: string; readonly alike: boolean }
  >();
  for (const { name, master, up, portState, isolated, hairpin } of links) {
    if (master === '') continue;
    const nature = [up, portState, isolated === true, hairpin].join(' ');
    const known = first.get(master);
    first.set(
      master,
      known === undefined
        ? { name, nature, alike: true }
        : { ...known, alike: known.alike && known.nature === nature },
    );
  }
  return (bridge) => {
    const port = first.get(bridge);
    return isAsked || port?.alike !== true ? '' : port.name;
  };
}
