import { howToInstall, type Distribution } from '../../packages.ts';
import { parseSets } from '../../trace/match/set-contents.ts';
import type { NetworkLink, NetworkState, VariantRules } from '../../trace/network-state.ts';
import { isUnavailable, type Unavailable, type Unseen } from './facts.ts';
import { asksSets } from './rules-state.ts';
import { unseen } from './unavailable.ts';

/** Routes and routing rules of one family. */
export type FamilyRoutes = Pick<NetworkState, 'routes' | 'routeRules'>;

/** What nftables' own tables are known by. */
export type NativeTables = NonNullable<NetworkState['natives']>;

/** All of a network state but the rules, which are read with the drift. */
export interface HostNetwork {
  /** What `ipset save` printed; null where ipset is not installed. */
  readonly sets: { readonly saved: string | null } | Unavailable;
  /** Null where nft is not installed. */
  readonly natives: { readonly tables: NativeTables | null } | Unavailable;
  readonly links: readonly NetworkLink[] | Unavailable;
  /** Of each family. */
  readonly routing: readonly (FamilyRoutes | Unavailable)[];
  /** Below /proc/sys/net. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Of the host that was read; absent where it is not known. */
  readonly distribution?: Distribution | undefined;
}

const notInstalled = (tool: string, distribution: Distribution | undefined): Unavailable => ({
  unavailable: `${tool} is not installed`,
  hint: howToInstall(tool, distribution),
});

/** The whole network state, and what of it could not be read. A missing ipset matters only where a rule asks a set. */
export function networkStateOf(
  { sets, natives, links, routing, sysctls, distribution }: HostNetwork,
  rulesets: readonly VariantRules[],
): { readonly netState: NetworkState; readonly unseen: readonly Unseen[] } {
  const needsIpset = !isUnavailable(sets) && sets.saved === null && asksSets(rulesets);
  const noSets = isUnavailable(sets) ? sets : needsIpset ? notInstalled('ipset', distribution) : undefined;
  const noNatives = isUnavailable(natives)
    ? natives
    : natives.tables === null
      ? notInstalled('nft', distribution)
      : undefined;
  const read = routing.filter((one): one is FamilyRoutes => !isUnavailable(one));
  return {
    netState: {
      rulesets,
      sets: noSets === undefined && !isUnavailable(sets) ? parseSets(sets.saved ?? '') : undefined,
      natives: isUnavailable(natives) ? undefined : (natives.tables ?? undefined),
      links: isUnavailable(links) ? [] : links,
      routes: read.flatMap(({ routes }) => routes),
      routeRules: read.flatMap(({ routeRules }) => routeRules),
      sysctls,
    },
    unseen: [
      ...(isUnavailable(links) ? unseen('interfaces', links) : []),
      ...routing.filter(isUnavailable).flatMap((why) => unseen('routes', why)),
      ...(noSets === undefined ? [] : unseen('sets', noSets)),
      ...(noNatives === undefined ? [] : unseen('nftables tables', noNatives)),
    ],
  };
}
