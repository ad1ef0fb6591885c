import { describe, expect, test } from 'vitest';
import { linksFrom, routeRulesFrom, routesFrom } from '../../../../src/doctor/facts/ip-json.ts';

// iproute2 6.1, 6.15: `ip -details -json address show` of a Docker host, shortened.
const LINKS: unknown = [
  {
    ifindex: 4,
    ifname: 'br-43e7eb317551',
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    address: '32:c2:cb:5e:85:ca',
    linkinfo: { info_kind: 'bridge', info_data: { stp_state: 0 } },
    addr_info: [
      { family: 'inet', local: '172.18.0.1', prefixlen: 16, scope: 'global' },
      { family: 'inet6', local: 'fe80::30c2:cbff:fe5e:85ca', prefixlen: 64, scope: 'link' },
    ],
  },
  {
    ifindex: 6,
    link_index: 2,
    ifname: 'veth478083f',
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    master: 'br-43e7eb317551',
    address: '22:f2:3c:a6:d4:12',
    link_netnsid: 1,
    linkinfo: {
      info_kind: 'veth',
      info_slave_kind: 'bridge',
      info_slave_data: { state: 'forwarding', priority: 32 },
    },
    addr_info: [],
  },
  { ifindex: 8, ifname: 'a', link: 'b', flags: [], linkinfo: { info_kind: 'veth' } },
  { ifindex: 9, ifname: 'b', link: 'a', flags: ['UP', 'NO-CARRIER'], linkinfo: { info_kind: 'veth' } },
  { ifindex: 10, ifname: 'eth0.5', link: 'br-43e7eb317551', flags: [], linkinfo: { info_kind: 'vlan' } },
  { ifindex: 11, ifname: 'gre1', flags: ['POINTOPOINT', 'NOARP', 'UP'], linkinfo: { info_kind: 'gre' } },
  { ifindex: 12, ifname: 'tap0', flags: ['BROADCAST', 'MULTICAST', 'UP'], linkinfo: { info_kind: 'tun' } },
  // ip leaves out what it has nothing to say of, and prints {} for what was filtered.
  {},
];

describe('interfaces', () => {
  const link = (name: string) => linksFrom(LINKS).find((one) => one.name === name);

  test('a bridge with its addresses', () => {
    expect(link('br-43e7eb317551')).toEqual({
      name: 'br-43e7eb317551',
      index: 4,
      peerIndex: 0,
      kind: 'bridge',
      master: '',
      up: true,
      carrier: true,
      mtu: 1500,
      mac: '32:c2:cb:5e:85:ca',
      portState: '',
      addresses: [
        { family: 'ipv4', address: '172.18.0.1', length: 16, scope: 'global' },
        { family: 'ipv6', address: 'fe80::30c2:cbff:fe5e:85ca', length: 64, scope: 'link' },
      ],
    });
  });

  test.each([
    ['veth478083f', { peerIndex: 2, master: 'br-43e7eb317551', portState: 'forwarding', kind: 'veth' }],
    ['a', { peerIndex: 9, up: false, carrier: false }],
    ['b', { peerIndex: 8, up: true, carrier: false }],
    ['eth0.5', { peerIndex: 0, kind: 'vlan' }],
  ])('%s', (name, told) => {
    expect(link(name)).toMatchObject(told);
  });

  test('nobody is asked for on links without neighbours: their flags say so, not their kind', () => {
    expect(linksFrom(LINKS).flatMap(({ name, asksNobody }) => (asksNobody === true ? [name] : []))).toEqual([
      'gre1',
    ]);
  });

  test('no output: no interfaces', () => {
    expect(linksFrom(LINKS)).toHaveLength(7);
    expect(linksFrom(undefined)).toEqual([]);
  });
});

describe('routes', () => {
  test.each([
    [
      { dst: 'default', gateway: '192.0.2.2', dev: 'eth0', flags: [] },
      { table: 'main', type: 'unicast', to: '0.0.0.0/0', via: '192.0.2.2', dev: 'eth0', metric: 0 },
    ],
    [
      { dst: '172.17.0.0/16', dev: 'docker0', prefsrc: '172.17.0.1', flags: ['linkdown'] },
      { to: '172.17.0.0/16', via: '', prefSource: '172.17.0.1', flags: ['linkdown'] },
    ],
    [
      { type: 'local', dst: '127.0.0.1', dev: 'lo', table: 'local', flags: [] },
      { type: 'local', to: '127.0.0.1/32', table: 'local' },
    ],
    [
      { type: 'blackhole', dst: '10.0.0.0/8', table: 100, metric: 5, flags: [] },
      { type: 'blackhole', dev: '', table: '100', metric: 5 },
    ],
    [{ dst: 'default', via: { family: 'inet6', host: 'fe80::1' }, dev: 'eth0' }, { via: 'fe80::1' }],
  ])('%j', (shown, told) => {
    expect(routesFrom([shown], 'ipv4')).toMatchObject([told]);
  });

  test('several next hops are several routes', () => {
    const nexthops = [
      { gateway: '192.0.2.2', dev: 'eth0', weight: 1, flags: [] },
      { gateway: '192.0.2.3', dev: 'eth1', weight: 1, flags: ['dead', 'linkdown'] },
    ];
    expect(routesFrom([{ dst: 'default', flags: [], nexthops }], 'ipv4')).toMatchObject([
      { to: '0.0.0.0/0', via: '192.0.2.2', dev: 'eth0', flags: [] },
      { to: '0.0.0.0/0', via: '192.0.2.3', dev: 'eth1', flags: ['dead', 'linkdown'] },
    ]);
  });

  test('IPv6', () => {
    expect(
      routesFrom([{ dst: 'default', gateway: 'fe80::1', dev: 'eth0', metric: 1024 }], 'ipv6'),
    ).toMatchObject([{ family: 'ipv6', to: '::/0', via: 'fe80::1', metric: 1024 }]);
    expect(routesFrom([{ dst: '::1', dev: 'lo' }], 'ipv6')).toMatchObject([{ to: '::1/128' }]);
  });
});

test('policy routing rules, by priority, with all their fields', () => {
  const shown = [
    { priority: 32_766, src: 'all', table: 'main' },
    { priority: 0, src: 'all', table: 'local' },
    { priority: 100, not: null, src: '10.0.0.0', srclen: 8, fwmark: '0x1', iif: 'eth0', table: '200' },
    { priority: 200, src: 'all', action: 'unreachable' },
  ];
  expect(routeRulesFrom(shown, 'ipv4')).toEqual([
    { family: 'ipv4', priority: 0, table: 'local', fields: { src: 'all' } },
    {
      family: 'ipv4',
      priority: 100,
      table: '200',
      fields: { not: '', src: '10.0.0.0', srclen: '8', fwmark: '0x1', iif: 'eth0' },
    },
    { family: 'ipv4', priority: 200, table: '', fields: { src: 'all', action: 'unreachable' } },
    { family: 'ipv4', priority: 32_766, table: 'main', fields: { src: 'all' } },
  ]);
});
