import type { OwnedChain, OwnedHost, OwnedRule, OwnedTables } from '../ownership/ownership.ts';
import { saysAllAlone } from '../text/hidden.ts';
import type { Variant, RuleName } from '../text/model.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { mapChains } from './map-chains.ts';

/**
 * The rules of a chain that can be written again as they are. A rule of the user's own behind one that cannot is left out too:
 * which packets it met depended on that one.
 */
export function recordable({ owner, rules }: OwnedChain): readonly OwnedRule[] {
  const first = owner === 'shared' ? rules.findIndex(({ rule }) => !saysAllAlone(rule)) : -1;
  return rules.filter(
    (owned, index) =>
      owned.rule.printed === undefined && !(first !== -1 && index >= first && owned.owner === 'shared'),
  );
}

/** The user's own rules that a baseline leaves out, in order. */
export function unrecorded(owned: OwnedHost): readonly RuleName[] {
  return FAMILIES.flatMap((family) =>
    [...owned.families[family]].flatMap(([table, chains]) =>
      [...chains.values()].flatMap((chain) => {
        const kept = new Set(recordable(chain));
        return chain.rules
          .filter((rule) => chain.owner === 'shared' && rule.owner !== 'docker' && !kept.has(rule))
          .map(({ rule }) => ({ family, table, chain: chain.name, rule: rule.text }));
      }),
    ),
  );
}

/** What a baseline records about how its rules were read. */
export interface ReadMarks {
  readonly readInFull?: true;
  readonly unread?: readonly RuleName[];
}

/** What is known of rules beside their save, see {@link contentHindrance}. */
export interface Verification {
  /** Why they could not be compared with nft's listing; absent where they were. */
  readonly unverified?: string;
  /** The chains concerned, as {@link import('../text/bytecode.ts').chainKey}; absent where all are. */
  readonly moving?: readonly string[];
}

/** Whether the user's own rules, in DOCKER-USER, were compared with nft's listing. */
export const isContentRead = ({ unverified, moving }: Verification): boolean =>
  unverified === undefined || moving?.every((key) => !key.endsWith(' filter DOCKER-USER')) === true;

/**
 * Why the user's own rules of a baseline must not be written: it is not known whether their text is complete.
 *
 * @param baseline - undefined where there is none
 * @param live - the variant, and why its rules could not be compared with nft's listing
 * @returns undefined where they may be
 */
export function contentHindrance(
  baseline: Pick<ReadMarks, 'readInFull'> | undefined,
  live: Verification & { readonly variant: Variant },
): string | undefined {
  if (live.variant === 'legacy') return undefined;
  if (!isContentRead(live))
    return `it could not be verified against nft's own listing: ${live.unverified ?? ''}`;
  return baseline === undefined || baseline.readInFull === true
    ? undefined
    : "its baseline was recorded without verifying it against nft's own listing, so its text may lack a condition";
}

/**
 * A host without the user's own rules that were not compared with nft's listing. Those in an earlier baseline stay: they were
 * read in full then.
 */
export function onlyRead(
  owned: OwnedHost,
  last: { readonly owned: OwnedHost; readonly baseline: Pick<ReadMarks, 'readInFull'> } | undefined,
): OwnedHost {
  const known = last?.baseline.readInFull === true ? last.owned : undefined;
  const tablesOf = (family: Family): OwnedTables =>
    mapChains(owned.families[family], (chain) => {
      const before = known?.families[family].get(chain.table)?.get(chain.name)?.rules ?? [];
      const recorded = new Set(before.map(({ rule }) => rule.text));
      const rules = chain.rules.filter(({ owner, rule }) => owner !== 'shared' || recorded.has(rule.text));
      return { ...chain, rules };
    });
  return { ...owned, families: { ipv4: tablesOf('ipv4'), ipv6: tablesOf('ipv6') } };
}

/** The user's own rules of a host that are not in the part that was kept. */
export function contentBeyond(owned: OwnedHost, kept: OwnedHost): readonly RuleName[] {
  return FAMILIES.flatMap((family) =>
    [...owned.families[family]].flatMap(([table, chains]) =>
      [...chains.values()].flatMap(({ name, rules }) => {
        const left = new Set(kept.families[family].get(table)?.get(name)?.rules);
        return rules
          .filter((rule) => rule.owner === 'shared' && !left.has(rule))
          .map(({ rule }) => ({ family, table, chain: name, rule: rule.text }));
      }),
    ),
  );
}

/**
 * Rules that were in DOCKER-USER when a baseline was recorded, could not be recorded, and are gone together with all that
 * was the user's there.
 */
export function unreadGone(
  baseline: Pick<ReadMarks, 'unread'> | undefined,
  live: OwnedHost,
): readonly (RuleName & { readonly rule: string })[] {
  return (baseline?.unread ?? []).flatMap(({ family, table, chain, rule }) => {
    const rules = live.families[family].get(table)?.get(chain)?.rules ?? [];
    const isEmptied = rules.every(({ owner }) => owner === 'docker');
    return isEmptied && rule !== undefined ? [{ family, table, chain, rule }] : [];
  });
}
