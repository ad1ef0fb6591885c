import { expect, test } from 'vitest';
import { reachTable } from '../../../src/reach/table.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import type { NetworkLink, Route } from '../../../src/trace/network-state.ts';
import { recordedTerrain } from '../../support/reach/terrain.ts';

const HOST = recordedTerrain('engine-28.5');

const withLinks = (links: readonly NetworkLink[], routes: readonly Route[] = []): Terrain => ({
  ...HOST,
  netState: {
    ...HOST.netState,
    links: [...HOST.netState.links, ...links],
    routes: [...HOST.netState.routes, ...routes],
  },
});

/** Ways that differ, by what becomes of them. */
const differing = (terrain: Terrain): readonly string[] => [
  ...new Set(
    reachTable(terrain).flatMap(({ effect, asker, asked, family }) =>
      effect === 'same'
        ? []
        : [`${family} ${asker.by === 'outside' ? asker.from : asker.by} → ${asked.what}: ${effect}`],
    ),
  ),
];

const withoutDefault = (terrain: Terrain): Terrain => ({
  ...terrain,
  netState: { ...terrain.netState, routes: terrain.netState.routes.filter(({ to }) => !to.endsWith('/0')) },
});

const withUplink = (terrain: Terrain, fields: Partial<NetworkLink>): Terrain => ({
  ...terrain,
  netState: {
    ...terrain.netState,
    links: terrain.netState.links.map((link) => (link.name === 'eth0' ? { ...link, ...fields } : link)),
  },
});

test('a host that knows its own network alone: its neighbours ask, and all is as meant', () => {
  const alone = withoutDefault({ ...HOST, nameServers: [] });
  expect(differing(alone)).toEqual([]);
  const askers = reachTable(alone).flatMap(({ asker }) => (asker.by === 'outside' ? [asker.from] : []));
  expect(new Set(askers)).toEqual(new Set(['link']));
});

test.each<[string, Partial<NetworkLink>]>([
  ['down', { up: false, carrier: false }],
  ['without a carrier', { carrier: false }],
])('the one interface with an address is %s: nobody gets in or out', (_, fields) => {
  const dead = withUplink(withoutDefault({ ...HOST, nameServers: [] }), fields);
  expect(differing(dead)).toEqual(
    expect.arrayContaining(['ipv4 link → published: outage', 'ipv4 container → outside: outage']),
  );
  expect(differing(dead).filter((line) => !line.endsWith('outage'))).toEqual([]);
});

test('beside a default route that works, an interface that is dead is nobody’s way in', () => {
  const spare: NetworkLink = {
    ...{
      up: true,
      carrier: false,
      mtu: 1500,
      mac: '',
      peerIndex: 0,
      portState: '',
      name: 'eth7',
      index: 97,
      kind: '',
    },
    master: '',
    addresses: [{ family: 'ipv4', address: '10.77.0.1', length: 24, scope: 'global' }],
  };
  expect(differing(withLinks([spare]))).toEqual([]);
  expect(differing(withoutDefault(withLinks([spare])))).not.toEqual([]);
});
