import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Inventory } from '../../src/docker/inventory/inventory.ts';
import { reachTable } from '../../src/reach/table.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  inventoryOf,
  publish,
} from '../support/recorded/inventories.ts';
import { healthyTerrain } from '../support/reach/town.ts';

const VERSIONS = [
  '18.09.9',
  '19.03.15',
  '20.10.24',
  '23.0.6',
  '24.0.9',
  '25.0.5',
  '26.1.5',
  '27.5.1',
  '28.0.4',
  '28.5.2',
  '29.7.2',
];

/** How one network is made, and what its containers publish. */
const network = fc.record({
  internal: fc.boolean(),
  icc: fc.boolean(),
  masquerade: fc.boolean(),
  containers: fc.array(
    fc.record({
      port: fc.constantFrom(80, 443, 5353),
      proto: fc.constantFrom('tcp', 'udp'),
      at: fc.constantFrom('0.0.0.0', '127.0.0.1', undefined),
    }),
    { maxLength: 3 },
  ),
});

const host = fc.record({
  version: fc.constantFrom(...VERSIONS),
  networks: fc.array(network, { minLength: 1, maxLength: 4 }),
  userlandProxy: fc.boolean(),
});

type Made = typeof host extends fc.Arbitrary<infer One> ? One : never;

function inventoryFrom({ version, networks }: Made): Inventory {
  const made = networks.map(({ internal, icc, masquerade }, i) => {
    const options = { icc: String(icc), masquerade: String(masquerade) };
    return i === 0
      ? defaultBridge()
      : bridgeNetwork(
          `net-${String(i)}`,
          {
            ...{ id: String(i).repeat(64), internal, options },
            ...{ subnets: [`172.${String(20 + i)}.0.0/16`], gateways: [`172.${String(20 + i)}.0.1`] },
          },
          version,
        );
  });
  let hostPort = 8000;
  const placed = made.flatMap((one, i) =>
    (networks[i]?.containers ?? []).map(({ port, proto, at }, j) => {
      const block = i === 0 ? '172.17.0' : `172.${String(20 + i)}.0`;
      const endpoint = endpointOn(one, `c-${String(i)}-${String(j)}`, `${block}.${String(2 + j)}`);
      // Docker publishes nothing of an internal network's.
      const isPublished = at !== undefined && !one.internal;
      return {
        endpoint,
        ports: isPublished
          ? [publish(endpoint, `${at}:${String(hostPort++)}->${String(port)}/${proto}`)]
          : [],
      };
    }),
  );
  return inventoryOf(version, {
    networks: made,
    endpoints: placed.map(({ endpoint }) => endpoint),
    ports: placed.flatMap(({ ports }) => ports),
  });
}

test('on a healthy host of any era every way is as Docker means it', () => {
  fc.assert(
    fc.property(host, (made) => {
      const cells = reachTable(healthyTerrain(inventoryFrom(made), { userlandProxy: made.userlandProxy }));
      const differing = cells.filter(({ effect }) => effect !== 'same');
      expect(differing.map(({ asker, asked, should, is }) => ({ asker, asked, should, is }))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
