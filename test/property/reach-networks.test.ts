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

test('what the kernel stops is told of each container with its own address', () => {
  const host = healthyTerrain(largeInventory('20.10.24', 2, 6));
  const { netState } = host;
  const away = { family: 'ipv4', table: 'main', type: 'unicast', to: '10.1.0.0/17', dev: 'eth0' } as const;
  const routes = [...netState.routes, { ...away, via: '', metric: 0, prefSource: '', flags: [] }];
  const sysctls = new Map([...netState.sysctls, ['ipv4/conf/br-000000000001/rp_filter', '1']]);
  expect(otherwise({ ...host, netState: { ...netState, routes, sysctls } })).toEqual([]);
});
