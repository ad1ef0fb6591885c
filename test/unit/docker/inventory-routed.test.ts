import { describe, expect, test } from 'vitest';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import type { Answers, Inventory } from '../../../src/docker/inventory/inventory.ts';
import { leftOutIn } from '../../../src/docker/inventory/left-out.ts';

type Json = Readonly<Record<string, unknown>>;

const MODE = 'com.docker.network.bridge.gateway_mode_';
const net = (name: string, modes: Readonly<Record<string, string>> = {}, more: Json = {}): Json => ({
  Id: name,
  Name: name,
  Driver: 'bridge',
  Options: {
    'com.docker.network.bridge.name': name,
    ...Object.fromEntries(Object.entries(modes).map(([family, mode]) => [`${MODE}${family}`, mode])),
  },
  ...more,
});

const NETWORKS = [
  net('bridge'),
  net('plain'),
  net('routed4', { ipv4: 'routed' }),
  net('routed6', { ipv6: 'routed' }),
  net('other', { ipv4: 'routed' }),
  net('bold', { ipv4: 'nat-unprotected', ipv6: 'isolated' }),
  net('newer', { ipv4: 'a-mode-of-2030' }),
  net('wide', { ipv4: 'routed' }, { Driver: 'overlay' }),
];

const on = (...names: readonly string[]): Json =>
  Object.fromEntries(
    names.map((name, i) => [
      name,
      {
        NetworkID: name,
        IPAddress: `172.20.${String(i)}.2`,
        Gateway: `172.20.${String(i)}.1`,
        GlobalIPv6Address: `fd00:${String(i)}::2`,
        IPv6Gateway: `fd00:${String(i)}::1`,
      },
    ]),
  );

const ID = 'c'.repeat(64);
const listed = (networks: Json, more: Json = {}): Json => ({
  Id: ID,
  Names: ['/open'],
  Ports: [],
  HostConfig: { NetworkMode: 'plain' },
  NetworkSettings: { Networks: networks },
  ...more,
});

const answersOf = (version: string, container: Json, inspects?: readonly Json[]): Answers => ({
  version: { Version: version },
  info: {},
  networks: NETWORKS,
  containers: [container],
  ...(inspects === undefined ? {} : { inspects }),
});

const inspected = (ports: Json): Json => ({ Id: ID, NetworkSettings: { Ports: ports } });
const told = ({ ports }: Inventory): readonly string[] =>
  ports.map(
    ({ hostIp, hostPort, port, proto, endpoint }) =>
      `${hostIp}:${String(hostPort ?? '')}→${endpoint?.network ?? 'none'}:${String(port)}/${proto}`,
  );

describe('whose ports the list of an Engine may leave out', () => {
  test.each<[version: string, networks: readonly string[], isLeftOut: boolean]>([
    ['28.5.2', ['routed4'], false],
    ['29.0.0', ['plain'], false],
    ['29.0.0', ['bold'], false],
    ['29.0.0', ['routed4'], true],
    ['29.7.2', ['routed6'], true],
    ['29.7.2', ['plain', 'routed6'], true],
    ['29.7.2', ['newer'], true],
    ['29.7.2', ['made while it was asked'], true],
    ['29.7.2', ['wide'], false],
    ['29.7.2', [], false],
    ['', ['routed4'], true],
  ])('%s on %j: %s', (version, networks, isLeftOut) => {
    expect(leftOutIn(answersOf(version, listed(on(...networks))))).toEqual(isLeftOut ? [ID] : []);
  });
});

describe('a container of a routed network, Engine 29', () => {
  test('has the ports of its inspection', () => {
    const both = [
      { HostIp: '0.0.0.0', HostPort: '' },
      { HostIp: '::', HostPort: '' },
    ];
    const inventory = inventoryFrom(
      answersOf('29.7.2', listed(on('routed4')), [
        inspected({ '80/tcp': both, '81/tcp': null, '82/udp': both }),
      ]),
    );
    expect(told(inventory)).toEqual([
      '0.0.0.0:→routed4:80/tcp',
      ':::→routed4:80/tcp',
      '0.0.0.0:→routed4:82/udp',
      ':::→routed4:82/udp',
    ]);
    expect(inventory.portsUnknown).toEqual([]);
  });

  test.each([
    ['nobody answered', undefined],
    ['another container answered', [{ ...inspected({ '80/tcp': [] }), Id: 'd'.repeat(64) }]],
  ])('has its ports unknown where %s', (_, inspects) => {
    const { ports, portsUnknown } = inventoryFrom(
      answersOf('29.7.2', listed(on('plain', 'routed4')), inspects),
    );
    expect(ports).toEqual([]);
    expect(portsUnknown.map(({ bridge, ipv4 }) => `${bridge} ${ipv4}`)).toEqual([
      'plain 172.20.0.2',
      'routed4 172.20.1.2',
    ]);
  });

  test('never has them unknown on Engine 28, whose list is complete', () => {
    expect(inventoryFrom(answersOf('28.5.2', listed(on('routed4')))).portsUnknown).toEqual([]);
  });

  // Recorded on 29.7: engine-29.7-direct, container between.
  test('opens its ports on every routed network, and is translated to its gateway', () => {
    const ports = {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8300' },
        { HostIp: '0.0.0.0', HostPort: '' },
        { HostIp: '0.0.0.0', HostPort: '' },
      ],
    };
    const on29 = inventoryFrom(
      answersOf('29.7.2', listed(on('plain', 'routed4', 'other', 'routed6')), [inspected(ports)]),
    );
    expect(told(on29)).toEqual([
      '0.0.0.0:→other:80/tcp',
      '0.0.0.0:→routed4:80/tcp',
      '0.0.0.0:8300→other:80/tcp',
    ]);
  });

  test('opens them at its gateway alone up to 28', () => {
    const Ports = [{ IP: '0.0.0.0', PrivatePort: 80, Type: 'tcp' }];
    const on28 = inventoryFrom(answersOf('28.5.2', listed(on('routed4', 'other'), { Ports })));
    expect(told(on28)).toEqual(['0.0.0.0:→other:80/tcp']);
  });
});

describe('a gateway of a container on Engine 29', () => {
  const places = (priority: number): Json => ({
    aa: { NetworkID: 'plain', IPAddress: '172.20.0.2', Gateway: '172.20.0.1', GwPriority: priority },
    zz: {
      NetworkID: 'bridge',
      IPAddress: '172.20.1.2',
      Gateway: '172.20.1.1',
      GlobalIPv6Address: 'fd00::2',
      IPv6Gateway: 'fd00::1',
    },
  });
  const Ports = ['0.0.0.0', '::'].map((IP) => ({ IP, PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }));
  const leads = (version: string, priority: number) =>
    told(inventoryFrom(answersOf(version, listed(places(priority), { Ports }))));

  test.each<[version: string, ipv4: string]>([
    ['28.5.2', 'bridge'],
    ['29.4.0', 'bridge'],
    ['29.4.1', 'plain'],
    ['29.7.2', 'plain'],
  ])('%s with a higher gw-priority in one family: %s', (version, ipv4) => {
    expect(leads(version, 9)).toEqual([`0.0.0.0:8080→${ipv4}:80/tcp`, ':::8080→bridge:80/tcp']);
  });

  test('a network of both families goes first where the priorities are equal', () => {
    expect(leads('29.7.2', 0)[0]).toBe('0.0.0.0:8080→bridge:80/tcp');
  });

  test.each<[version: string, driver: string, mode: string, leads: string]>([
    ['29.0.0', 'macvlan', '', 'none'],
    ['28.5.2', 'macvlan', '', 'plain'],
    ['28.5.2', 'ipvlan', 'l3', 'none'],
    ['28.5.2', 'ipvlan', 'l2', 'plain'],
    ['26.1.5', 'ipvlan', 'l3', 'plain'],
    ['29.0.0', 'ipvlan', '', 'none'],
  ])('%s: %s %s without a gateway of its own leaves the port to %s', (version, driver, mode, network) => {
    const mac = { Id: 'aa', Name: 'aa', Driver: driver, Options: { ipvlan_mode: mode } };
    const container = listed(
      {
        aa: { NetworkID: 'aa', IPAddress: '10.0.0.2', Gateway: '', GwPriority: 1 },
        plain: { NetworkID: 'plain', IPAddress: '172.20.0.2', Gateway: '172.20.0.1' },
      },
      { Ports: Ports.slice(0, 1) },
    );
    const inventory = inventoryFrom({ ...answersOf(version, container), networks: [mac, ...NETWORKS] });
    expect(told(inventory)).toEqual([`0.0.0.0:8080→${network}:80/tcp`]);
  });
});

test.each<[mode: string, networks: Json, unconnected: readonly string[]]>([
  ['app', {}, ['open app']],
  ['default', {}, ['open bridge']],
  ['bridge', {}, ['open bridge']],
  ['bridge', on('bridge'), []],
  ['none', {}, []],
  ['host', {}, []],
  [`container:${ID}`, {}, []],
  ['', {}, []],
])('a container made for network %j and on %j is unconnected: %j', (NetworkMode, networks, unconnected) => {
  const container = listed(networks, { HostConfig: { NetworkMode } });
  const found = inventoryFrom(answersOf('29.7.2', container)).unconnected;
  expect(found.map(({ container: name, network }) => `${name} ${network}`)).toEqual(unconnected);
});
