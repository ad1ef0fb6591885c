import { containersOf, matchName } from '../../../../src/doctor/target/names.ts';
import { describe, expect, test } from 'vitest';
import { containersFrom, lacksIpv6, needsInspection, runs } from '../../../../src/doctor/facts/containers.ts';
import { linksFrom } from '../../../../src/doctor/facts/ip-json.ts';
import { networksFrom } from '../../../../src/docker/inventory/networks.ts';

const ID = {
  web: 'a1'.repeat(32),
  db: 'b2'.repeat(32),
  old: 'c3'.repeat(32),
  dead: 'd4'.repeat(32),
  beef: `dead${'0'.repeat(60)}`,
};
const NETWORK = { front: '1f'.repeat(32), back: '2f'.repeat(32) };

const networks = networksFrom(
  [
    { Id: NETWORK.front, Name: 'front', Driver: 'bridge' },
    { Id: NETWORK.back, Name: 'back', Driver: 'bridge', Internal: true },
  ],
  undefined,
);

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
  test('a container has its state, networks and ports', () => {
    expect(named('web')).toEqual({
      id: ID.web,
      name: 'web',
      service: '',
      project: '',
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

  test('is sorted by name, with stopped containers', () => {
    expect(listed.map(({ name }) => name)).toEqual(['beef', 'db', 'dead', 'old', 'web']);
    expect(listed.filter(runs).map(({ name }) => name)).toEqual(['db', 'dead', 'web']);
  });

  test.each([[undefined], [null], ['x'], [[]]])('%j is an empty list', (body) => {
    expect(containersFrom(body)).toEqual([]);
  });
});

describe('the containers an argument means', () => {
  test.each<[name: string, names: readonly string[]]>([
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
  ])('%j', (name, names) => {
    const all = { containers: listed, networks };
    expect(containersOf(matchName(name, all), listed).map((one) => one.name)).toEqual(names);
  });
});

test.each([
  ['web', false, 'its ports are listed'],
  ['db', true, 'on internal networks alone, and without ports'],
  ['dead', true, 'host networking'],
  ['old', false, 'it does not run'],
])('container %s needs an inspection: %s, because of: %s', (name, needed) => {
  expect(needsInspection(named(name), networks, new Set())).toBe(needed);
  expect(needsInspection(named(name), networks, new Set([named(name).id]))).toBe(true);
});

describe('whether an IPv6 address is missing inside', () => {
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
    ['it is there', 'fd00:6::2', ['fe80::1', 'fd00:6::2'], false],
    ['it is gone', 'fd00:6::2', ['fe80::1'], true],
    ['the Engine gave none', '', [], false],
  ] as const)('%s', (_, given, seen, lacks) => {
    expect(lacksIpv6(at(given), inside(...seen))).toBe(lacks);
  });
});
