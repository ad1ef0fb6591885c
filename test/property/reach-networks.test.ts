import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tellings } from '../support/reach/like-networks.ts';
import { otherwise } from '../support/reach/otherwise.ts';
import { healthyTerrain, largeInventory } from '../support/reach/town.ts';

test.each(['20.10.24', '28.5.2'])(
  'of networks that are followed as one each packet comes to what the table says, whatever tells them apart, Engine %s',
  (version) => {
    const host = healthyTerrain(largeInventory(version, 4, 6));
    expect(otherwise(host)).toEqual([]);
    fc.assert(
      fc.property(tellings(host), ({ said, terrain }) => {
        expect([said, otherwise(terrain)]).toEqual([said, []]);
      }),
      { numRuns: 25 },
    );
  },
);
