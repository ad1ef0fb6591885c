import { expect, test } from 'vitest';
import { nftRecording, requiredTables, textsOf } from '../../../../support/nftables/recordings.ts';
import { inventoryOf, NO_SWARM, SETTINGS } from '../../../../support/recorded/inventories.ts';

test('encrypted overlays, on the data port of the swarm', () => {
  const encrypted = [
    { network: 'a', vni: 4099 },
    { network: 'b', vni: 4098 },
  ];
  const swarm = { ...NO_SWARM, state: 'active', encrypted, dataPort: 5789 };
  const overlay = requiredTables(
    inventoryOf('29.7.2', { firewallBackend: 'nftables', swarm }),
    SETTINGS,
  ).find(({ name }) => name === 'docker-overlay');
  expect(overlay?.sets.get('encrypted-vnis')?.elements).toEqual(['4098', '4099']);
  expect(textsOf(overlay, 'enc-out')).toEqual([
    'udp dport 5789 @th,96,24 @encrypted-vnis counter meta mark set 0xd0c4e3',
  ]);
  expect(textsOf(overlay, 'enc-in')).toEqual([
    'meta ipsec missing udp dport 5789 @th,96,24 @encrypted-vnis counter drop',
  ]);
});

test('an overlay that is not encrypted leaves an idle table, which is not required', () => {
  const { inventory, settings, tables } = nftRecording('swarm');
  const idle = tables.find(({ name }) => name === 'docker-overlay');
  expect(idle?.sets.get('encrypted-vnis')?.elements).toEqual([]);
  expect(requiredTables(inventory, settings).map(({ name }) => name)).not.toContain('docker-overlay');
});
