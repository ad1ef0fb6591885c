import type { OwnedRule } from '../docker/ownership.ts';
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
 * Lost rules that the live ones contradict: a container was made anew with another address, and its published port already
 * leads there. Read from the text alone, so only while the new translation stands; what else has gone stale only the
 * Engine can tell.
 */
export function staleIn(chains: readonly ChainDrift[], sides: Sides): readonly Stale[] {
  return FAMILIES.flatMap((family) => {
    const drifted = chains.filter((chain) => chain.family === family && chain.missing.length > 0);
    return drifted.some(({ table }) => table === 'nat') ? staleInFamily(family, drifted, sides) : [];
  });
}

function staleInFamily(
  family: Family,
  drifted: readonly ChainDrift[],
  { liveOwned }: Sides,
): readonly Stale[] {
  const lost = drifted.flatMap(({ table, chain, base, missing }) =>
    missing.flatMap((index) => {
      const owned = base.rules[index];
      return owned === undefined ? [] : [{ family, table, chain, owned }];
    }),
  );
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
