import { expect, test } from 'vitest';
import type { Cell } from '../../../src/reach/cell.ts';
import { reachTable } from '../../../src/reach/table.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import type { NetworkLink, Route } from '../../../src/trace/network-state.ts';
import { recordedTerrain } from '../../support/reach/terrain.ts';

const HOST = recordedTerrain('engine-28.5');

const bridge = (name: string, ports: readonly NetworkLink['kind'][]): readonly NetworkLink[] => {
  const usual = { up: true, carrier: true, mtu: 1500, mac: '', peerIndex: 0, portState: '', addresses: [] };
  const address = { family: 'ipv4', address: '198.51.100.1', length: 24, scope: 'global' } as const;
  return [
    { ...usual, name, index: 90, kind: 'bridge', master: '', addresses: [address] },
    ...ports.map((kind, i) => ({ ...usual, name: `p${String(i)}`, index: 91 + i, kind, master: name })),
  ];
};

const withLinks = (links: readonly NetworkLink[], routes: readonly Route[] = []): Terrain => ({
  ...HOST,
  netState: {
    ...HOST.netState,
    links: [...HOST.netState.links, ...links],
    routes: [...HOST.netState.routes, ...routes],
  },
});

/** Addresses outside that containers ask, and whether the bridge's neighbours are promised published ports. */
const behind = (terrain: Terrain, address: string) => {
  const cells = reachTable(terrain);
  const isAsked = cells.some(({ asked }) => asked.what === 'outside' && asked.address === address);
  const isPromised = cells.some(
    ({ asker, asked, should }) =>
      asker.by === 'outside' &&
      asker.address === address &&
      asked.what === 'published' &&
      should === 'reached',
  );
  const isKeptOut = cells.some(
    ({ asker, should }) => asker.by === 'outside' && asker.address === address && should === 'stopped',
  );
  return { isAsked, isPromised, isKeptOut };
};

const BEHIND: Route = {
  ...{ family: 'ipv4', table: 'main', type: 'unicast', to: '10.9.0.0/16', via: '198.51.100.2', dev: 'br0' },
  ...{ metric: 0, prefSource: '', flags: [] },
};

test.each<[what: string, terrain: Terrain, isOutside: boolean]>([
  ['another Engine’s network', withLinks(bridge('br0', ['veth', 'veth'])), false],
  ['one of virtual machines', withLinks(bridge('br0', ['tun'])), false],
  ['one that holds the uplink', withLinks(bridge('br0', ['', 'tun'])), true],
  ['one that a gateway is behind', withLinks(bridge('br0', ['veth']), [BEHIND]), true],
])('a bridge that is not Docker’s, %s: outside is behind it, or not', (_, terrain, isOutside) => {
  const promise = { isAsked: isOutside, isPromised: isOutside, isKeptOut: true };
  expect(behind(terrain, '198.51.100.2')).toEqual(promise);
});

const serversIn = (terrain: Terrain): readonly string[] => {
  const asked = (cell: Cell): readonly string[] =>
    cell.asked.what === 'name-server' ? [cell.asked.address] : [];
  return [...new Set(reachTable(terrain).flatMap(asked))];
};

test('a name server is asked where this host itself has a route to it', () => {
  const { netState } = HOST;
  const nameServers = ['192.0.2.53', '203.0.113.53'];
  const offline = { ...netState, routes: netState.routes.filter(({ to }) => !to.endsWith('/0')) };
  expect(serversIn({ ...HOST, nameServers })).toEqual(nameServers);
  expect(serversIn({ ...HOST, nameServers, netState: offline })).toEqual(['192.0.2.53']);
});

test('of a container whose ports the Engine does not say, none is known to be unpublished', () => {
  const [endpoint] = HOST.inventory.endpoints;
  if (endpoint === undefined) throw new Error('a recording without containers');
  const portsUnknown = HOST.inventory.endpoints.filter(({ container }) => container === endpoint.container);
  const asked = (terrain: Terrain) =>
    reachTable(terrain).filter(
      (cell) => cell.asked.what === 'unpublished' && cell.asked.spot.container === endpoint.container,
    ).length;
  expect(asked(HOST)).toBeGreaterThan(0);
  expect(asked({ ...HOST, inventory: { ...HOST.inventory, portsUnknown } })).toBe(0);
});
