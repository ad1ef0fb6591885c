import type { OwnedHost, OwnedRule } from '../ownership/ownership.ts';
import type { PurposeId } from '../ownership/purpose.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import type { ChainDrift } from './drift.ts';
import type { Stale } from '../desired/stale.ts';

/** Rules, other than its translation, that serve one endpoint or one port of it. */
const COMPANIONS: ReadonlySet<PurposeId> = new Set([
  'port-accept',
  'hairpin-port',
  'raw-port',
  'raw-endpoint',
]);

const publishedPort = ({ captures }: OwnedRule): string =>
  `${captures?.hostIp ?? ''} ${captures?.hostPort ?? ''}/${captures?.proto ?? ''}`;
const containerPort = ({ captures }: OwnedRule): string =>
  `${captures?.ip ?? ''} ${captures?.port ?? ''}/${captures?.proto ?? ''}`;
const address = ({ captures }: OwnedRule): string => captures?.ip ?? '';

/**
 * Lost rules that must stay lost, as the live rules show: a container was recreated with another address, and its
 * published port already leads there.
 */
export function replacedIn(chains: readonly ChainDrift[], liveOwned: OwnedHost): readonly Stale[] {
  return FAMILIES.flatMap((family) => {
    const lost = chains.filter((chain) => chain.family === family).flatMap(lostOf);
    return lost.some(({ table }) => table === 'nat') ? replacedOf(family, lost, liveOwned) : [];
  });
}

type Lost = Omit<Stale, 'reason'>;

const lostOf = ({ family, table, chain, desired, missing }: ChainDrift): readonly Lost[] =>
  missing.flatMap((index) => {
    const owned = desired.rules[index];
    return owned === undefined ? [] : [{ family, table, chain, owned }];
  });

/** The translations that others have replaced, and the rules that belonged to them. */
function replacedOf(family: Family, lost: readonly Lost[], liveOwned: OwnedHost): readonly Stale[] {
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
  if (owned.shape === undefined || !COMPANIONS.has(owned.shape.id)) return false;
  return owned.captures?.port === undefined
    ? gone.addresses.has(address(owned))
    : gone.ports.has(containerPort(owned));
}
