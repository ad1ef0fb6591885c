import { isUntold, type Unseen, type Untold } from '../../doctor/facts.ts';
import { asksSets } from '../../doctor/standing.ts';
import { parseSets } from '../../trace/sets.ts';
import type { Bank, Terrain } from '../../trace/terrain.ts';
import { readNative, readSets } from '../sets-native.ts';
import { lookAtGround } from './ground.ts';
import { orUntold, unseen } from './untold.ts';

/** All of the terrain but the rules, which are read with the drift. */
export interface Surface {
  /** Null where there is no ipset. */
  readonly sets: { readonly saved: string | null } | Untold;
  readonly natives: { readonly tables: Exclude<Awaited<ReturnType<typeof readNative>>, null> } | Untold;
  readonly ground: Awaited<ReturnType<typeof lookAtGround>>;
}

/** Looks at interfaces, routes, sets and nftables' own tables, side by side. */
export async function lookAtSurface(): Promise<Surface> {
  const [sets, natives, ground] = await Promise.all([
    orUntold(readSets().then((saved) => ({ saved }))),
    orUntold(
      readNative('with-owned').then((tables) =>
        tables === null ? { untold: 'nft is not installed' } : { tables },
      ),
    ),
    lookAtGround(),
  ]);
  return { sets, natives, ground };
}

/** The whole terrain, and what of it could not be looked at. */
export function terrainOf(
  { sets, natives, ground }: Surface,
  banks: readonly Bank[],
): { readonly terrain: Terrain; readonly unseen: readonly Unseen[] } {
  const { links, routes, routeRules, sysctls } = ground;
  const withoutIpset: Untold | undefined =
    !isUntold(sets) && sets.saved === null && asksSets(banks)
      ? { untold: 'ipset is not installed' }
      : undefined;
  const noSets = isUntold(sets) ? sets : withoutIpset;
  return {
    terrain: {
      banks,
      sets: noSets === undefined && !isUntold(sets) ? parseSets(sets.saved ?? '') : undefined,
      natives: isUntold(natives) ? undefined : natives.tables,
      links,
      routes,
      routeRules,
      sysctls,
    },
    unseen: [
      ...ground.unseen,
      ...(noSets === undefined ? [] : unseen('sets', noSets)),
      ...(isUntold(natives) ? unseen('nftables tables', natives) : []),
    ],
  };
}
