import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tellings } from '../support/reach/like-networks.ts';
import { otherwise } from '../support/reach/otherwise.ts';
import { healthyTerrain, largeInventory } from '../support/reach/town.ts';

test.each(['20.10.24', '28.5.2'])(
  'of networks that are followed as one each packet comes to what the table says, whatever tells them apart, Engine %s',
  (version) => {
    const inventory = largeInventory(version, 4, 12);
    const ports = inventory.ports.map((one, i) => ({ ...one, port: i % 2 === 0 ? 80 : 90 }));
    const host = healthyTerrain({ ...inventory, ports });
    expect(otherwise(host)).toEqual([]);
    fc.assert(
      fc.property(tellings(host), ({ said, terrain }) => {
        expect([said, otherwise(terrain)]).toEqual([said, []]);
      }),
      { numRuns: 25 },
    );
  },
);
