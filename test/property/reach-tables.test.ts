import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Terrain } from '../../src/reach/terrain.ts';
import { healthyTablesTerrain, recordedTablesTerrain } from '../support/nftables/terrain.ts';
import { tableTellings } from '../support/nftables/tellings/tellings.ts';
import { otherwise } from '../support/reach/otherwise.ts';
import { largeInventory } from '../support/reach/town.ts';

/** How often a host is changed; a campaign is run with more of them (docs/evidence/nftables.md). */
const RUNS = Number(process.env['REACH_RUNS'] ?? 8);

const SMALL = largeInventory('29.7.2', 3, 8);
const TOWN = { ...SMALL, ports: SMALL.ports.map((one, i) => ({ ...one, port: i % 2 === 0 ? 80 : 90 })) };

test.each<readonly [string, Terrain]>([
  ['a town', healthyTablesTerrain(TOWN)],
  ['a town without docker-proxy', healthyTablesTerrain(TOWN, { userlandProxy: false })],
  ...['modes', 'links', 'trusted', 'ipv6'].map((name) => [name, recordedTablesTerrain(name)] as const),
])(
  "beside Docker's nftables backend each packet comes to what the table says, whatever stands in Docker's tables and beside: %s",
  (_, host) => {
    expect(otherwise(host)).toEqual([]);
    fc.assert(
      fc.property(tableTellings(host), ({ said, terrain }) => {
        expect([said, otherwise(terrain)]).toEqual([said, []]);
      }),
      { numRuns: RUNS },
    );
  },
);
