import { describe, expect, test } from 'vitest';
import type { Cell } from '../../../src/reach/cell.ts';
import { reachTable } from '../../../src/reach/table.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import type { NetworkLink, Route } from '../../../src/trace/network-state.ts';
import { partsOutside } from '../../../src/reach/far.ts';
import { outsidersOf } from '../../../src/reach/outsiders.ts';
import { unaskedOf } from '../../../src/reach/unasked.ts';
import { withRule } from '../../support/app/edit-rules.ts';
import { defaultBridge, endpointOn, NO_SWARM, publish } from '../../support/recorded/inventories.ts';
import { recordedTerrain, rulesOf, withRules } from '../../support/reach/terrain.ts';

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

test("on a bridge of Docker's own that is not judged nobody is outside, and its address is none that a port is asked by", () => {
  const aside = { what: 'network odd', why: 'odd', bridges: ['br0'], addresses: [] };
  const terrain = withLinks(bridge('br0', ['']));
  const told = (inventory: Terrain['inventory']): boolean =>
    JSON.stringify(reachTable({ ...terrain, inventory })).includes('198.51.100.1');
  expect([terrain.inventory, { ...terrain.inventory, setAside: [aside] }].map(told)).toEqual([true, false]);
});

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

describe('a second uplink', () => {
  const addresses = [
    { family: 'ipv4', address: '198.51.100.1', length: 24, scope: 'global' },
    { family: 'ipv6', address: '2001:db8:1::1', length: 64, scope: 'global' },
  ] as const;
  const [made] = bridge('eth1', []);
  if (made === undefined) throw new Error('no link');
  const ETH1: NetworkLink = { ...made, kind: '', addresses };
  const by: Route = {
    ...{
      family: 'ipv4',
      table: 'main',
      type: 'unicast',
      to: '0.0.0.0/0',
      via: '198.51.100.254',
      dev: 'eth1',
    },
    ...{ metric: 500, prefSource: '', flags: [] },
  };
  const tabled = { ...by, table: '100' };
  const rule = { family: 'ipv4', priority: 10, table: '100', fields: { src: '198.51.100.1' } } as const;
  const asking = (routes: readonly Route[], routeRules: Terrain['netState']['routeRules'] = []) =>
    outsidersOf(ETH1, 'ipv4', { netState: { ...withLinks([ETH1], routes).netState, routeRules } });

  test('is asked from far away by a default route of another metric, or of a table that a rule looks up', () => {
    expect(asking([by])).toEqual(['203.0.113.77', '198.51.100.254']);
    expect(asking([tabled], [rule])).toEqual(['203.0.113.77']);
  });

  test('is asked from its own link alone where no default route leads by it, or nothing looks that one up', () => {
    expect(asking([])).toEqual(['198.51.100.2']);
    expect(asking([tabled])).toEqual(['198.51.100.2']);
    expect(asking([{ ...tabled, via: '' }], [rule])).toEqual(['198.51.100.2']);
  });

  test('without a gateway has a neighbour by IPv6 too', () => {
    expect(outsidersOf(ETH1, 'ipv6', withLinks([ETH1]))).toEqual(['2001:db8:1::2']);
  });
});

describe('a large part of the address space', () => {
  const RULE = '-A FORWARD -m set --match-set half src -j DROP';
  const named = (rule: string) =>
    withRules(HOST, withRule(rulesOf(HOST), 'ipv4', 'filter', rule, 'first')).netState;
  const half = (members: readonly string[]) =>
    new Map([['half', { name: 'half', type: 'hash:net', family: 'ipv4', members } as const]]);
  const native = (text: string) => ({ ...HOST.netState, natives: [{ table: 'inet own', text }] });

  test.each<[what: string, netState: Terrain['netState'], asked: readonly string[]]>([
    ['a rule', named('-A FORWARD -s 0.0.0.0/1 -j DROP'), ['75.0.113.77']],
    ['all but one', named('-A FORWARD ! -s 128.0.0.0/1 -j DROP'), ['75.0.113.77']],
    ['a range', named('-A FORWARD -m iprange --src-range 1.0.0.0-99.255.255.255 -j DROP'), ['43.0.113.77']],
    ['a small range', named('-A FORWARD -m iprange --src-range 99.1.0.0-99.2.0.0 -j DROP'), []],
    ['a set', { ...named(RULE), sets: half(['0.0.0.0/1', '10.0.0.0/8']) }, ['75.0.113.77']],
    ['nftables’ own', native('ip saddr 0.0.0.0/1 drop'), ['75.0.113.77']],
    ['all but one, nftables’ own', native('ip saddr != 128.0.0.0/1 drop'), ['75.0.113.77']],
    ['a set of nftables’ own', native('elements = { 64.0.0.0-127.255.255.255 }'), ['75.0.113.77']],
    ['a ban', native('ip saddr 99.0.0.0/8 drop'), []],
  ])('named by %s: whether somebody there asks', (_, netState, asked) => {
    expect(partsOutside(netState, 'ipv4')).toEqual(asked);
  });

  test('what is decided there is seen', () => {
    const cells = reachTable({ ...HOST, netState: { ...named(RULE), sets: half(['0.0.0.0/1']) } });
    const cut = cells.filter(({ effect }) => effect === 'outage');
    const askers = cut.map(({ asker }) => (asker.by === 'outside' ? asker.address : asker.by));
    expect(new Set(askers)).toEqual(new Set(['75.0.113.77', 'container']));
  });
});

describe('what is not asked', () => {
  const endpoint = endpointOn(defaultBridge(), 'web', '172.17.0.2');
  const alone = { ...publish(endpoint, '[::]:8080->80/tcp'), endpoint: undefined };
  const overlay = { ...defaultBridge(), name: 'back', driver: 'overlay', bridge: '' };
  const swarm = { ...NO_SWARM, ingressPorts: [{ proto: 'tcp', port: 9000 } as const] };
  const unserved = { ...NO_SWARM, unservedPorts: [{ proto: 'udp', port: 9000 } as const] };
  const around = (inventory: Partial<Terrain['inventory']>): Terrain => ({
    ...HOST,
    inventory: { ...HOST.inventory, ports: [], ...inventory },
  });

  test.each<[what: string, terrain: Terrain, unasked: ReturnType<typeof unaskedOf>]>([
    ['nothing', around({ ports: [publish(endpoint, '0.0.0.0:8080->80/tcp')] }), []],
    ['docker-proxy alone', around({ ports: [alone] }), [{ what: 'proxied-alone', names: ['web 8080'] }]],
    ['the mesh', around({ swarm }), [{ what: 'mesh-ports', names: ['9000'] }]],
    ['a dead port', around({ swarm: unserved }), [{ what: 'mesh-unserved', names: ['9000/udp'] }]],
    ['an overlay', around({ networks: [overlay] }), [{ what: 'overlay-networks', names: ['back'] }]],
    ['the mesh’s own network', around({ networks: [{ ...overlay, ingress: true }] }), []],
  ])('%s', (_, terrain, unasked) => {
    expect(unaskedOf(terrain)).toEqual(unasked);
  });

  test('more parts than are asked are counted', () => {
    const blocks = [0, 1, 2, 3, 4, 5].map((i) => `ip saddr ${String(16 * i)}.0.0.0/4 drop`);
    const netState = { ...HOST.netState, natives: [{ table: 'inet own', text: blocks.join('\n') }] };
    expect(unaskedOf({ ...HOST, netState })).toContainEqual({ what: 'parts', names: ['2'] });
  });
});
