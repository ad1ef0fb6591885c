import { expect, test } from 'vitest';
import { openTables } from '../../../src/reach/table.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { healthyTerrain, largeInventory } from '../../support/reach/town.ts';

const LARGE = healthyTerrain(largeInventory('28.5.2', 20, 500));

/** How many questions are asked, and for how many they stand. */
function asked(terrain: Terrain): readonly [number, number] {
  const groups = openTables(terrain).flatMap((table) => table.groups());
  return [groups.length, groups.reduce((sum, { size }) => sum + size, 0)];
}

const GUESTS = `table ip libvirt_network {
	chain guest_nat {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 counter packets 2 bytes 120 masquerade
	}
}`;
const BANS = ['192.0.2.99', '198.51.100.0/24', '203.0.113.7,tcp:8443'];

test('500 ports on 20 networks are a few thousand questions, not one for each way', () => {
  expect(asked(LARGE)).toEqual([2500, 62_500]);
});

test("neighbours' tables and sets that name nobody here leave it at that", () => {
  const { netState } = LARGE;
  const sets = new Map([
    ['f2b', { name: 'f2b', type: 'hash:net,port', family: 'ipv4', members: BANS } as const],
  ]);
  const natives = [{ table: 'ip libvirt_network', text: GUESTS }];
  expect(asked({ ...LARGE, netState: { ...netState, sets, natives } })).toEqual([2500, 62_500]);
});

test('a container that a set names is asked for by itself', () => {
  const { netState } = LARGE;
  const sets = new Map([
    ['one', { name: 'one', type: 'hash:ip', family: 'ipv4', members: ['10.3.0.4'] } as const],
  ]);
  const [questions, ways] = asked({ ...LARGE, netState: { ...netState, sets } });
  expect(questions).toBeGreaterThan(2500);
  expect(ways).toBeGreaterThan(62_500);
});
