import type { OwnedRule } from '../docker/ownership.ts';
import type { Inventory } from '../docker/inventory.ts';
import { canonicalBlock, sameBlock } from '../iptables/address.ts';
import { FAMILIES, type Family } from '../iptables/model.ts';
import type { ChainDrift, Sides } from './compare.ts';

/** A recorded rule that Docker itself has replaced since: putting it back would take a port from its new owner. */
export interface Stale {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly owned: OwnedRule;
  readonly reason: string;
}

/** Rules that serve one endpoint's port, or one endpoint, beside its translation. */
const COMPANIONS: ReadonlySet<string> = new Set(['port-accept', 'hairpin-port', 'raw-port', 'raw-endpoint']);

const publishedPort = ({ captures }: OwnedRule): string =>
  `${captures?.hostIp ?? ''} ${captures?.hostPort ?? ''}/${captures?.proto ?? ''}`;
const containerPort = ({ captures }: OwnedRule): string =>
  `${captures?.ip ?? ''} ${captures?.port ?? ''}/${captures?.proto ?? ''}`;
const address = ({ captures }: OwnedRule): string => captures?.ip ?? '';

/**
 * Lost rules that must stay lost. From the text alone: a container was made anew with another address, and its published
 * port already leads there. From the Engine, where it answered: the network or the address no longer exists.
 */
export function staleIn(chains: readonly ChainDrift[], sides: Sides): readonly Stale[] {
  return FAMILIES.flatMap((family) => {
    const lost = chains.filter((chain) => chain.family === family).flatMap(lostOf);
    const replaced = lost.some(({ table }) => table === 'nat') ? replacedIn(family, lost, sides) : [];
    const { inventory } = sides;
    if (inventory === undefined) return replaced;
    const known = new Set(replaced.map(({ owned }) => owned));
    return [
      ...replaced,
      ...lost.filter(({ owned }) => !known.has(owned)).flatMap((one) => unvouched(one, inventory)),
    ];
  });
}

type Lost = Omit<Stale, 'reason'>;

const lostOf = ({ family, table, chain, base, missing }: ChainDrift): readonly Lost[] =>
  missing.flatMap((index) => {
    const owned = base.rules[index];
    return owned === undefined ? [] : [{ family, table, chain, owned }];
  });

/** Rules of an endpoint's own address. The routing mesh's addresses belong to no container, so they are not asked for. */
const OF_ENDPOINT: ReadonlySet<string> = new Set([...COMPANIONS, 'dnat', 'link-accept', 'raw-trusted']);

/** Why the Engine does not vouch for a rule any more; empty when it does. */
function unvouched(one: Lost, { networks, endpoints }: Inventory): readonly Stale[] {
  const { shape, captures } = one.owned;
  const network = networks.find(({ bridge }) => bridge === captures?.bridge);
  if (captures?.bridge !== undefined && network === undefined) {
    return [{ ...one, reason: `the network of ${captures.bridge} no longer exists` }];
  }
  const { subnet } = captures ?? {};
  if (subnet !== undefined && network?.subnets.some((known) => sameBlock(known, subnet)) === false) {
    return [{ ...one, reason: `network ${network.name} no longer has ${subnet}` }];
  }
  const isGone = OF_ENDPOINT.has(shape?.id ?? '') && !endpoints.has(canonicalBlock(address(one.owned)));
  return isGone ? [{ ...one, reason: `no running container has ${address(one.owned)} any more` }] : [];
}

/** The translations that others have replaced, and what belonged to them. */
function replacedIn(family: Family, lost: readonly Lost[], { liveOwned }: Sides): readonly Stale[] {
  const live = liveOwned.families[family].get('nat')?.get('DOCKER')?.rules.filter(isTranslation) ?? [];
  const servedNow = new Map(live.map((owned) => [publishedPort(owned), owned]));
  const translations = lost.filter(({ owned }) => isTranslation(owned));
  const replaced = translations.filter(({ owned }) => servedNow.has(publishedPort(owned)));
  const valid = [...live, ...translations.filter((one) => !replaced.includes(one)).map(({ owned }) => owned)];
  const gone = {
    ports: without(
      replaced.map(({ owned }) => containerPort(owned)),
      valid.map(containerPort),
    ),
    addresses: without(
      replaced.map(({ owned }) => address(owned)),
      valid.map(address),
    ),
  };
  return lost.flatMap((one): readonly Stale[] => {
    const now = isTranslation(one.owned) ? servedNow.get(publishedPort(one.owned)) : undefined;
    if (now !== undefined)
      return [{ ...one, reason: `port ${publishedPort(now).trim()} now leads to ${containerPort(now)}` }];
    return isCompanionOf(one.owned, gone)
      ? [{ ...one, reason: `${address(one.owned)} no longer serves that port` }]
      : [];
  });
}

const isTranslation = ({ shape }: OwnedRule): boolean => shape?.id === 'dnat';

const without = (some: readonly string[], others: readonly string[]): ReadonlySet<string> => {
  const kept = new Set(some);
  for (const other of others) kept.delete(other);
  return kept;
};

function isCompanionOf(
  owned: OwnedRule,
  gone: { readonly ports: ReadonlySet<string>; readonly addresses: ReadonlySet<string> },
): boolean {
  if (!COMPANIONS.has(owned.shape?.id ?? '')) return false;
  return owned.captures?.port === undefined
    ? gone.addresses.has(address(owned))
    : gone.ports.has(containerPort(owned));
}
