import { FAMILIES } from '../../net/family.ts';
import type { Chain } from '../../firewall/iptables/text/model.ts';
import type { VariantRules } from '../../trace/network-state.ts';

/** Chains that only one manager makes. Sources: what each writes on its start, see test/support/managers. */
const CHAINS: readonly (readonly [manager: string, chain: RegExp])[] = [
  ['ufw', /^ufw6?-/],
  ['firewalld', /^(?:INPUT_ZONES|FORWARD_IN_ZONES|PREROUTING_ZONES|INPUT_direct)$/],
  ['shorewall', /^shorewall6?$/],
  ['csf', /^(?:LOCALINPUT|LOGDROPIN)$/],
];

/**
 * Firewall managers whose rules are here, by their chains and tables: a service that is enabled may have written none, and a
 * stopped one may have left some.
 *
 * @param natives - nftables' own tables, `FAMILY NAME`
 */
export function managersIn(
  rulesets: readonly VariantRules[],
  natives: readonly { readonly table: string }[],
): readonly string[] {
  const names = new Set(rulesets.flatMap(chainsOf).map(({ name }) => name));
  const byChains = CHAINS.filter(([, chain]) => [...names].some((name) => chain.test(name))).map(
    ([manager]) => manager,
  );
  const byTables = natives.some(({ table }) => /^(?:inet|ip6?) firewalld$/.test(table)) ? ['firewalld'] : [];
  return [...new Set([...byChains, ...byTables])].sort();
}

/** Whether any rule asks a set. */
export const asksSets = (rulesets: readonly VariantRules[]): boolean =>
  rulesets.flatMap(chainsOf).some(({ rules }) => rules.some(({ text }) => text.includes(' --match-set ')));

const chainsOf = ({ rules }: VariantRules): readonly Chain[] =>
  FAMILIES.flatMap((family) => [...rules[family].tables.values()]).flatMap(({ chains }) => [
    ...chains.values(),
  ]);
