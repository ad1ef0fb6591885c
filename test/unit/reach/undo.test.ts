import { describe, expect, test } from 'vitest';
import { changedNetwork, type NetworkBeside } from '../../../src/reach/change/network.ts';
import type { NetworkUndo } from '../../../src/reach/change/undo.ts';
import type { NetworkLink, Route, RouteRule } from '../../../src/trace/network-state.ts';

const link = (name: string, fields: Partial<NetworkLink> = {}): NetworkLink => ({
  ...{ name, index: 1, peerIndex: 0, kind: '', master: '', up: true, carrier: true, mtu: 1500, mac: '' },
  ...{ portState: '', addresses: [] },
  ...fields,
});
const route = (to: string, fields: Partial<Route> = {}): Route => ({
  ...{ family: 'ipv4', table: 'main', type: 'unicast', to, via: '', dev: '', metric: 0, prefSource: '' },
  flags: [],
  ...fields,
});
const rule = (priority: number, table: string, fields: RouteRule['fields'] = {}): RouteRule => ({
  ...{ family: 'ipv4', priority, table, fields },
});

const HOST: NetworkBeside = {
  sets: new Map(),
  natives: [],
  links: [link('eth0'), link('docker0')],
  routes: [
    route('0.0.0.0/0', { via: '192.0.2.2', dev: 'eth0' }),
    route('172.17.0.0/16', { dev: 'docker0', prefSource: '172.17.0.1' }),
  ],
  routeRules: [rule(32766, 'main')],
  sysctls: new Map([
    ['ipv4/conf/all/forwarding', '1'],
    ['ipv4/conf/eth0/forwarding', '1'],
    ['ipv4/conf/docker0/forwarding', '0'],
  ]),
};

const undoOf = (change: Partial<NetworkBeside>, host = HOST): NetworkUndo =>
  changedNetwork(host, host, { ...host, ...change }).undo;

/** A host, and the routes that are left of it. */
const without = (gone: readonly Route[]): readonly [host: NetworkBeside, left: readonly Route[]] => [
  { ...HOST, routes: [...gone, ...HOST.routes.slice(1)] },
  HOST.routes.slice(1),
];

describe('what takes a change of the network back', () => {
  test.each<[string, Partial<NetworkBeside>, readonly string[]]>([
    [
      'a route that came',
      { routes: [...HOST.routes, route('10.9.0.0/16', { type: 'blackhole', metric: 5, table: '52' })] },
      ['ip route del blackhole 10.9.0.0/16 metric 5 table 52'],
    ],
    [
      'a route of IPv6 that came',
      { routes: [...HOST.routes, route('fd00:6::/64', { family: 'ipv6', type: 'unreachable', dev: 'lo' })] },
      ['ip -6 route del unreachable fd00:6::/64 dev lo'],
    ],
    [
      'a default route that went',
      { routes: HOST.routes.slice(1) },
      ['ip route add default via 192.0.2.2 dev eth0'],
    ],
    [
      'the route to a network that went',
      { routes: HOST.routes.slice(0, 1) },
      ['ip route add 172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1'],
    ],
    [
      'a routing rule that came',
      { routeRules: [rule(5270, '52', { src: 'all' }), ...HOST.routeRules] },
      ['ip rule del pref 5270'],
    ],
    [
      'an interface that came, with its address and route',
      {
        links: [
          ...HOST.links,
          link('wg7', { addresses: [{ family: 'ipv4', address: '10.7.0.1', length: 24, scope: 'global' }] }),
        ],
        routes: [...HOST.routes, route('10.7.0.0/24', { dev: 'wg7', prefSource: '10.7.0.1' })],
      },
      ['ip link del wg7'],
    ],
    [
      'a setting for all, which one interface differed from',
      {
        sysctls: new Map([
          ['ipv4/conf/all/forwarding', '0'],
          ['ipv4/conf/eth0/forwarding', '0'],
          ['ipv4/conf/docker0/forwarding', '1'],
        ]),
      },
      ['sysctl -w net.ipv4.conf.all.forwarding=1', 'sysctl -w net.ipv4.conf.docker0.forwarding=0'],
    ],
  ])('%s', (_, change, commands) => {
    expect(undoOf(change)).toEqual({ commands, isWhole: true });
  });

  test.each<[string, Partial<Route>, string]>([
    // A copy of an interface has no carrier.
    ['by an interface without a carrier', { flags: ['linkdown'] }, ''],
    ['by a gateway that is on no subnet', { flags: ['onlink'] }, ' onlink'],
  ])('a default route %s', (_, fields, more) => {
    const [host, routes] = without([route('0.0.0.0/0', { via: '192.0.2.2', dev: 'eth0', ...fields })]);
    const commands = [`ip route add default via 192.0.2.2 dev eth0${more}`];
    expect(undoOf({ routes }, host)).toEqual({ commands, isWhole: true });
  });

  test('a default route of several next hops is not taken back by a command for each', () => {
    const hops = ['192.0.2.2', '192.0.2.3'].map((via) => route('0.0.0.0/0', { via, dev: 'eth0' }));
    const [host, routes] = without(hops);
    expect(undoOf({ routes }, host).isWhole).toBe(false);
  });

  test.each<[string, Partial<NetworkBeside>]>([
    ['an interface that is gone', { links: HOST.links.slice(0, 1) }],
    [
      'an interface that went down: its addresses and routes may be gone for good',
      { links: HOST.links.map((one) => ({ ...one, up: one.name !== 'docker0' })) },
    ],
    ['a routing rule that went', { routeRules: [] }],
    ['two routing rules of one number', { routeRules: [...HOST.routeRules, rule(7, '1'), rule(7, '2')] }],
  ])('no command is known that takes all of it back: %s', (_, change) => {
    expect(undoOf(change).isWhole).toBe(false);
  });
});
