import { describe, expect, test } from 'vitest';
import {
  containersFrom,
  inspectedFrom,
  lacksIpv6,
  needsInspection,
  runs,
  wantedOf,
} from '../../../src/doctor/containers-from.ts';
import { linksFrom } from '../../../src/doctor/ip-json.ts';
import { networksFrom } from '../../../src/docker/inventory.ts';

const ID = {
  web: 'a1'.repeat(32),
  db: 'b2'.repeat(32),
  old: 'c3'.repeat(32),
  dead: 'd4'.repeat(32),
  beef: `dead${'0'.repeat(60)}`,
};
const NETWORK = { front: '1f'.repeat(32), back: '2f'.repeat(32) };

const networks = networksFrom([
  { Id: NETWORK.front, Name: 'front', Driver: 'bridge' },
  { Id: NETWORK.back, Name: 'back', Driver: 'bridge', Internal: true },
]);

const on = (name: 'front' | 'back', ipv4 = ''): unknown => ({
  Networks: {
    [name]: {
      NetworkID: NETWORK[name],
      IPAddress: ipv4,
      Gateway: '172.18.0.1',
      MacAddress: '5e:f8:ff:51:1f:73',
    },
  },
});

const listed = containersFrom([
  {
    Id: ID.web,
    Names: ['/app/alias', '/web'],
    State: 'running',
    Status: 'Up 3 minutes',
    HostConfig: { NetworkMode: 'front' },
    NetworkSettings: on('front', '172.18.0.2'),
    Ports: [
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 443, Type: 'tcp' },
    ],
  },
  {
    Id: ID.db,
    Names: ['/db'],
    State: 'paused',
    HostConfig: { NetworkMode: 'back' },
    NetworkSettings: on('back', '172.19.0.2'),
  },
  {
    Id: ID.old,
    Names: ['/old'],
    State: 'exited',
    HostConfig: { NetworkMode: 'front' },
    NetworkSettings: on('front'),
  },
  { Id: ID.dead, Names: ['/dead'], State: 'running', HostConfig: { NetworkMode: 'host' }, Ports: [] },
  { Id: ID.beef, Names: ['/beef'], State: 'created', HostConfig: { NetworkMode: 'none' } },
]);
const named = (name: string) => {
  const one = listed.find((other) => other.name === name);
  if (one === undefined) throw new Error(`no ${name}`);
  return one;
};

describe('the list', () => {
  test('a container with what the list says of it', () => {
    expect(named('web')).toEqual({
      id: ID.web,
      name: 'web',
      state: 'running',
      status: 'Up 3 minutes',
      networkMode: 'front',
      attachments: [
        {
          network: 'front',
          networkId: NETWORK.front,
          ipv4: '172.18.0.2',
          ipv6: '',
          gateway: '172.18.0.1',
          gateway6: '',
          mac: '5e:f8:ff:51:1f:73',
        },
      ],
      exposed: [{ proto: 'tcp', port: 443 }],
      publishes: true,
    });
  });

  test('by name; stopped ones too', () => {
    expect(listed.map(({ name }) => name)).toEqual(['beef', 'db', 'dead', 'old', 'web']);
    expect(listed.filter(runs).map(({ name }) => name)).toEqual(['db', 'dead', 'web']);
  });

  test.each([[undefined], [null], ['x'], [[]]])('%j is an empty one', (body) => {
    expect(containersFrom(body)).toEqual([]);
  });
});

describe('an inspection', () => {
  test('ports that were asked for, and those that are only exposed', () => {
    const body = {
      HostConfig: {
        PortBindings: {
          '80/tcp': [
            { HostIp: '', HostPort: '8080' },
            { HostIp: '::1', HostPort: '' },
          ],
          '53/udp': null,
        },
        Sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1' },
      },
      Config: { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '9000/tcp': {} } },
    };
    expect(inspectedFrom(body)).toEqual({
      wanted: [
        { proto: 'tcp', port: 80, hostIp: '', hostPort: 8080 },
        { proto: 'tcp', port: 80, hostIp: '::1', hostPort: undefined },
        { proto: 'udp', port: 53, hostIp: '', hostPort: undefined },
      ],
      exposed: [{ proto: 'tcp', port: 9000 }],
      sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1' },
    });
  });

  test('one without ports, and one that is gone', () => {
    expect(inspectedFrom({ HostConfig: { PortBindings: null }, Config: {} })).toEqual({
      wanted: [],
      exposed: [],
      sysctls: {},
    });
    expect(inspectedFrom(null)).toBeUndefined();
  });
});

describe('whom the command line means', () => {
  test.each<[wanted: string | undefined, names: readonly string[]]>([
    [undefined, []],
    ['', []],
    ['web', ['web']],
    [ID.db, ['db']],
    [ID.db.slice(0, 12), ['db']],
    ['front', ['old', 'web']],
    [NETWORK.back.slice(0, 12), ['db']],
    // A name goes before an id that begins alike.
    ['dead', ['dead']],
    ['dead00', ['beef']],
    ['nobody', []],
  ])('%j', (wanted, names) => {
    const ids = wantedOf(wanted, listed, networks);
    expect(listed.filter(({ id }) => ids.has(id)).map(({ name }) => name)).toEqual(names);
  });
});

test.each([
  ['web', false, 'its ports are listed'],
  ['db', true, 'on internal networks alone, and without ports'],
  ['dead', true, 'host networking'],
  ['old', false, 'it does not run'],
])('%s needs an inspection: %s (%s)', (name, needed) => {
  expect(needsInspection(named(name), networks, new Set())).toBe(needed);
  expect(needsInspection(named(name), networks, new Set([named(name).id]))).toBe(true);
});

describe('an IPv6 address that is not to be seen inside', () => {
  const at = (ipv6: string) => ({
    attachments: [
      { network: 'back', networkId: NETWORK.back, ipv4: '', ipv6, gateway: '', gateway6: '', mac: '' },
    ],
  });
  const inside = (...addresses: readonly string[]) => ({
    links: linksFrom([
      { ifname: 'eth0', addr_info: addresses.map((local) => ({ family: 'inet6', local, prefixlen: 64 })) },
    ]),
  });

  test.each([
    ['one that is there', 'fd00:6::2', ['fe80::1', 'fd00:6::2'], false],
    ['one that is gone', 'fd00:6::2', ['fe80::1'], true],
    ['none given', '', [], false],
  ] as const)('%s', (_, given, seen, lacks) => {
    expect(lacksIpv6(at(given), inside(...seen))).toBe(lacks);
  });
});
