import { describe, expect, test } from 'vitest';
import {
  ipv4AddressesFrom,
  ipv4RoutesFrom,
  ipv6AddressesFrom,
  ipv6RoutesFrom,
  linkFrom,
  placeAddresses,
} from '../../../../src/doctor/facts/procfs-net.ts';

const ROUTE = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010012AC	0003	0	0	0	00000000	0	0	0
eth1	00000A0A	00000000	0001	0	0	100	00FFFFFF	0	0	0
eth0	000012AC	00000000	0001	0	0	0	0000FFFF	0	0	0
*	0000A8C0	00000000	0200	0	0	0	0000FFFF	0	0	0
`;

const IPV6_ROUTE = `fd000006000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000006000000000000000000000001 00000400 00000003 00000000 00000003     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo
fd000006000000000000000000000002 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001     eth0
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

describe('routes', () => {
  test('IPv4', () => {
    const told = ipv4RoutesFrom(ROUTE).map(({ type, to, via, dev, metric }) => [type, to, via, dev, metric]);
    expect(told).toEqual([
      ['unicast', '0.0.0.0/0', '172.18.0.1', 'eth0', 0],
      ['unicast', '10.10.0.0/24', '', 'eth1', 100],
      ['unicast', '172.18.0.0/16', '', 'eth0', 0],
      ['unreachable', '192.168.0.0/16', '', '', 0],
    ]);
  });

  test('IPv6: those of table main', () => {
    const told = ipv6RoutesFrom(IPV6_ROUTE).map(({ type, to, via, dev, metric }) => [
      type,
      to,
      via,
      dev,
      metric,
    ]);
    expect(told).toEqual([
      ['unicast', 'fd00:6::/64', '', 'eth0', 256],
      ['unicast', 'fe80::/64', '', 'eth0', 256],
      ['unicast', '::/0', 'fd00:6::1', 'eth0', 1024],
    ]);
  });

  test('a namespace without routes', () => {
    expect(ipv4RoutesFrom('Iface\tDestination\n')).toEqual([]);
    expect(ipv6RoutesFrom('')).toEqual([]);
  });
});

const FIB = `Main:
  +-- 0.0.0.0/0 2 0 2
     +-- 172.19.0.0/16 2 0 2
        +-- 172.19.0.0/30 2 0 2
           |-- 172.19.0.0
              /16 link UNICAST
           |-- 172.19.0.2
              /32 host LOCAL
        |-- 172.19.255.255
           /32 link BROADCAST
Local:
  +-- 0.0.0.0/0 2 0 2
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 172.19.0.0/16 2 0 2
        |-- 172.19.0.2
           /32 host LOCAL
     |-- 10.0.0.0
        /24 link UNICAST
        /32 host LOCAL
`;

describe('addresses', () => {
  test('IPv4: each local address once', () => {
    expect(ipv4AddressesFrom(FIB)).toEqual(['172.19.0.2', '127.0.0.1', '10.0.0.0']);
  });

  test('IPv6, by interface', () => {
    const text = `00000000000000000000000000000001 01 80 10 80       lo
fd000006000000000000000000000002 02 40 00 82     eth0
fe800000000000007c3d51fffe8f2a01 02 40 20 80     eth0
`;
    expect(Object.fromEntries(ipv6AddressesFrom(text))).toEqual({
      lo: [{ family: 'ipv6', address: '::1', length: 128, scope: 'host' }],
      eth0: [
        { family: 'ipv6', address: 'fd00:6::2', length: 64, scope: 'global' },
        { family: 'ipv6', address: 'fe80::7c3d:51ff:fe8f:2a01', length: 64, scope: 'link' },
      ],
    });
  });

  const placed = (addresses: readonly string[], names: readonly string[]): unknown =>
    [...placeAddresses(addresses, ipv4RoutesFrom(ROUTE), names)].flatMap(([dev, all]) =>
      all.map(({ address, length }) => `${dev} ${address}/${String(length)}`),
    );

  test.each([
    [
      ['127.0.0.1', '172.18.0.2', '10.10.0.9'],
      ['lo 127.0.0.1/8', 'eth0 172.18.0.2/16', 'eth1 10.10.0.9/24'],
    ],
    [['198.51.100.7'], []],
  ])('IPv4 %j are on the interface whose route covers them', (addresses, told) => {
    expect(placed(addresses, ['lo', 'eth0', 'eth1'])).toEqual(told);
  });

  test('without a route, on the only interface there is', () => {
    expect(placed(['198.51.100.7'], ['lo', 'eth0'])).toEqual(['eth0 198.51.100.7/32']);
  });
});

describe('interfaces', () => {
  const files = {
    uevent: 'INTERFACE=eth0\nIFINDEX=2\n',
    iflink: '7\n',
    mtu: '1500\n',
    flags: '0x1003\n',
    address: '5e:f8:ff:51:1f:73\n',
    carrier: '1\n',
  };

  test('a veth, with the index of its other end', () => {
    expect(linkFrom('eth0', files, [])).toMatchObject({
      index: 2,
      peerIndex: 7,
      kind: 'veth',
      up: true,
      carrier: true,
      mtu: 1500,
      mac: '5e:f8:ff:51:1f:73',
    });
  });

  test.each([
    ['one that is down', { flags: '0x1002\n', carrier: '' }, { up: false, carrier: false, kind: 'veth' }],
    ['one without a cable', { carrier: '0\n' }, { up: true, carrier: false }],
    ['a plain device', { iflink: '2\n' }, { kind: '', peerIndex: 0 }],
    [
      'a macvlan',
      { uevent: 'DEVTYPE=macvlan\nINTERFACE=eth0\nIFINDEX=2\n' },
      { kind: 'macvlan', peerIndex: 0, index: 2 },
    ],
  ])('%s', (_, changed, told) => {
    expect(linkFrom('eth0', { ...files, ...changed }, [])).toMatchObject(told);
  });
});
