import { looksDockers } from '../docker/chains.ts';
import { FAMILIES, type Backend, type Chain, type Family } from '../iptables/model.ts';
import type { Bank } from '../trace/terrain.ts';

/** A chain of Docker's name where Docker does not write. */
export interface Leftover {
  readonly family: Family;
  /** `TABLE CHAIN` */
  readonly place: string;
  readonly rules: number;
}

/**
 * Docker's leftovers: chains of its names in the backend that it does not write to.
 *
 * @param used - the backend Docker writes to
 */
export function leftoversIn(banks: readonly Bank[], used: Backend): readonly Leftover[] {
  return banks
    .filter(({ backend }) => backend !== used)
    .flatMap(({ rules }) =>
      FAMILIES.flatMap((family) =>
        [...rules[family].tables.values()].flatMap((table) =>
          [...table.chains.values()]
            .filter(({ name }) => looksDockers(name))
            .map((chain) => ({
              family,
              place: `${table.name} ${chain.name}`,
              rules: chain.rules.length,
            })),
        ),
      ),
    );
}

/** Chains that only one manager makes. Sources: what each writes on its start, see test/support/managers. */
const CHAINS: readonly (readonly [manager: string, chain: RegExp])[] = [
  ['ufw', /^ufw6?-/],
  ['firewalld', /^(?:INPUT_ZONES|FORWARD_IN_ZONES|PREROUTING_ZONES|INPUT_direct)$/],
  ['shorewall', /^shorewall6?$/],
  ['csf', /^(?:LOCALINPUT|LOGDROPIN)$/],
];

/**
 * Firewall managers whose rules stand here, by their chains and tables: whether a service is enabled says less than what
 * it wrote.
 *
 * @param natives - nftables' own tables, `FAMILY NAME`
 */
export function managersIn(
  banks: readonly Bank[],
  natives: readonly { readonly table: string }[],
): readonly string[] {
  const names = new Set(banks.flatMap(chainsOf).map(({ name }) => name));
  const byChains = CHAINS.filter(([, chain]) => [...names].some((name) => chain.test(name))).map(
    ([manager]) => manager,
  );
  const byTables = natives.some(({ table }) => /^(?:inet|ip6?) firewalld$/.test(table)) ? ['firewalld'] : [];
  return [...new Set([...byChains, ...byTables])].sort();
}

/** Whether any rule asks a set. */
export const asksSets = (banks: readonly Bank[]): boolean =>
  banks.flatMap(chainsOf).some(({ rules }) => rules.some(({ text }) => text.includes(' --match-set ')));

const chainsOf = ({ rules }: Bank): readonly Chain[] =>
  FAMILIES.flatMap((family) => [...rules[family].tables.values()]).flatMap(({ chains }) => [
    ...chains.values(),
  ]);
