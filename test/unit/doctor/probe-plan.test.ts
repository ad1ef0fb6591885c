import { describe, expect, test } from 'vitest';
import type { Facts, Inside } from '../../../src/doctor/facts.ts';
import { planProbes, type Shot } from '../../../src/doctor/shots.ts';
import { filterOf, sightingsOf, type Trail } from '../../../src/doctor/sightings.ts';
import type { Link } from '../../../src/trace/terrain.ts';
import { pathOf, stoppedBy } from '../../support/doctor/paths.ts';
import { beside, outbound, published } from '../../support/doctor/seen.ts';

const link = (name: string, index: number, peerIndex: number, address = ''): Link => ({
  ...{
    name,
    index,
    peerIndex,
    kind: '',
    master: '',
    up: true,
    carrier: true,
    mtu: 1500,
    mac: '',
    portState: '',
  },
  addresses: address === '' ? [] : [{ family: 'ipv4', address, length: 24, scope: 'global' }],
});
const inside = (name: string, index: number, peer: number): Inside => ({
  ...{ netns: `/proc/${name}/ns/net`, links: [link('eth0', index, peer)], routes: [], listeners: [] },
  ...{ resolvers: undefined, banks: undefined, sysctls: new Map() },
});
const container = (
  name: string,
  network: string,
  ipv4: string,
  index: number,
): Facts['containers'][number] => ({
  ...{ id: name, name, state: 'running', status: 'Up', networkMode: network, wanted: undefined, exposed: [] },
  attachments: [
    { network, networkId: network, ipv4, ipv6: '', gateway: '172.17.0.1', gateway6: '', mac: '' },
  ],
  inside: inside(name, 2, index),
});
const WEB = container('web', 'bridge', '172.17.0.2', 7);
const PORT: Facts['ports'][number] = {
  ...{ container: 'web', proto: 'tcp', port: 80, hostIp: '0.0.0.0', hostPort: 8080 },
  endpoint: {
    ...{
      bridge: 'docker0',
      network: 'bridge',
      container: 'web',
      containerId: 'web',
      ipv4: '172.17.0.2',
      ipv6: '',
    },
  },
};
const FACTS: Facts = {
  engine: { answered: false, code: '', message: '', hint: undefined, details: [], log: undefined },
  ...{
    drift: { untold: '' },
    owned: undefined,
    backend: 'nft',
    leftovers: [],
    networks: [],
    listeners: [],
    managers: [],
  },
  ...{ conntrack: undefined, conntrackDrops: undefined },
  terrain: {
    ...{ banks: [], sets: undefined, natives: undefined, routes: [], routeRules: [], sysctls: new Map() },
    links: [
      link('eth0', 1, 0, '192.0.2.1'),
      link('eth1', 3, 0, '192.0.2.10'),
      link('vethweb', 7, 2),
      link('vethdb', 8, 2),
    ],
  },
  containers: [WEB, container('db', 'bridge', '172.17.0.3', 8), container('far', 'back', '172.18.0.2', 9)],
  ports: [PORT],
  proxies: [
    { proto: 'tcp', hostIp: '0.0.0.0', hostPort: 8080, containerIp: '172.17.0.2', containerPort: 80 },
  ],
};

describe('who sends what', () => {
  const one = (path: Parameters<typeof planProbes>[0][number], facts = FACTS) => {
    const [probe] = planProbes([path], facts, 61_000).probes;
    if (probe === undefined) throw new Error('nothing planned');
    return probe;
  };

  test('a container sends by its own namespace; the receiver is known by its veth', () => {
    expect(one(beside())).toMatchObject({
      shot: { from: 'db', netns: '/proc/db/ns/net', destination: '172.17.0.2', port: 80, sourcePort: 61_000 },
      ...{ others: [], standsIn: false, target: 'web', doors: ['vethweb'], translation: undefined },
    });
    expect(one(outbound())).toMatchObject({ shot: { from: 'web' }, target: '', doors: ['eth0'] });
  });

  test('this host stands in for the outside, and tries its other addresses and another network besides', () => {
    const planned = one(published({ at: 'local' }));
    expect(planned).toMatchObject({
      shot: { from: 'this host', netns: '', destination: '192.0.2.1', port: 8080 },
      ...{ standsIn: true, target: 'web', gateway: '172.17.0.1', proxy: { hostPort: 8080 } },
      translation: { address: '172.17.0.2', port: 80, hostPort: 8080 },
    });
    const ends = planned.others.map(({ from, destination }: Shot) => `${from} → ${destination}`);
    expect(ends).toEqual(['this host → 192.0.2.10', 'this host → 127.0.0.1', 'far → 192.0.2.1']);
    const ports = [planned.shot, ...planned.others].map((shot) => ('untold' in shot ? 0 : shot.sourcePort));
    expect(new Set(ports).size).toBe(4);
  });

  test.each<[what: string, facts: Partial<Facts>, protocol: string, why: string]>([
    ['an unknown sender', { containers: [WEB] }, 'tcp', 'no running container has the address 172.17.0.3'],
    ['a protocol of its own', {}, 'sctp', 'no packet of protocol sctp is sent'],
    [
      'a namespace that cannot be seen',
      {
        containers: [
          WEB,
          { ...container('db', 'bridge', '172.17.0.3', 8), inside: { untold: 'needs root' } },
        ],
      },
      'tcp',
      'needs root',
    ],
  ])('nothing is sent for %s', (_, facts, protocol, why) => {
    const path = pathOf(
      'same-network',
      'x',
      { address: '172.17.0.3', link: '' },
      { address: '172.17.0.2', link: '' },
      { protocol },
    );
    expect(one(path, { ...FACTS, ...facts }).shot).toEqual({ untold: why });
  });

  test('nothing is to be translated on loopback, nor for a container without an address of the family', () => {
    const from = { address: '127.0.0.1', link: '' };
    const asked = { address: '127.0.0.1', port: 8080 };
    const local = pathOf(
      'published',
      'x',
      from,
      { address: '127.0.0.1', link: '' },
      { asked, end: { at: 'local' } },
    );
    expect(one(local)).toMatchObject({ translation: undefined, standsIn: false, target: 'web' });
    const unserved = { ...FACTS, ports: [{ ...PORT, endpoint: undefined }] };
    expect(one(published({ at: 'local' }), unserved).translation).toBeUndefined();
  });

  test('twelve at most: failed ones that are wanted first, closed ones that are closed last', () => {
    const stop = stoppedBy('-A FORWARD -j DROP');
    const many = [
      beside(stop, false),
      ...Array.from({ length: 11 }, () => outbound()),
      beside(stop),
      outbound(),
    ].map((one, i) => ({
      ...one,
      path: { ...one.path, packet: { ...one.path.packet, destinationPort: 80 + i } },
    }));
    const { probes, leftOut } = planProbes(many, FACTS, 61_000);
    expect(leftOut).toBe(2);
    expect(probes.map(({ path }) => path.name)).toEqual([
      'db → web:80',
      ...Array.from({ length: 11 }, () => 'web → outside'),
    ]);
  });
});

test('a way is sent once, no answer is, and nothing goes to an address of documentation', () => {
  const answer = {
    ...outbound(),
    path: { ...outbound().path, packet: { ...outbound().path.packet, state: 'ESTABLISHED' } },
  } as const;
  const nobody = {
    ...outbound(),
    path: { ...outbound().path, packet: { ...outbound().path.packet, destination: '203.0.113.77' } },
  };
  const { probes, leftOut } = planProbes([outbound(), outbound(), answer, nobody], FACTS, 61_000);
  expect([probes.length, leftOut]).toEqual([1, 0]);
});

describe('what tcpdump prints', () => {
  const tcp: Trail = { protocol: 'tcp', sourcePort: 61_000, destinations: ['192.0.2.2'] };
  const ping: Trail = { protocol: 'icmp', sourcePort: 0, destinations: ['2001:db8::2'] };
  const TEXT = `vethdb  P   IP 172.17.0.3.61000 > 192.0.2.2.80: tcp 0
eth0  Out IP 192.0.2.1.61000 > 192.0.2.2.80: tcp 0
eth0  In  IP 192.0.2.2.80 > 192.0.2.1.61000: tcp 0
eth0  Out IP 192.0.2.1.61000 > 192.0.2.2.80: tcp 0
eth0  Out IP 192.0.2.1.61001 > 192.0.2.2.80: tcp 0
eth0  Out IP6 2001:db8::1 > 2001:db8::2: ICMP6, echo request, id 1, seq 1, length 64
eth0  In  IP6 2001:db8::2 > 2001:db8::1: ICMP6, echo reply, id 1, seq 1, length 64
eth0  In  IP6 2001:db8::9 > 2001:db8::1: ICMP6, echo request, id 1, seq 1, length 64
cut off in the mid`;

  test('is taken apart by probe, there and back, each place once', () => {
    expect(sightingsOf(TEXT, tcp)).toEqual([
      { link: 'vethdb', out: false, reply: false, source: '172.17.0.3', destination: '192.0.2.2' },
      { link: 'eth0', out: true, reply: false, source: '192.0.2.1', destination: '192.0.2.2' },
      { link: 'eth0', out: false, reply: true, source: '192.0.2.2', destination: '192.0.2.1' },
    ]);
    expect(sightingsOf(TEXT, ping).map(({ link: at, out, reply }) => [at, out, reply])).toEqual([
      ['eth0', true, false],
      ['eth0', false, true],
    ]);
  });

  test('a tcpdump that names no interfaces still shows packets', () => {
    expect(sightingsOf('IP 172.17.0.3.61000 > 192.0.2.2.80: tcp 0', tcp)).toMatchObject([
      { link: '', out: false },
    ]);
  });

  test('is asked for nothing but the probes', () => {
    expect(filterOf([tcp, ping])).toBe(
      '((tcp or udp) and (port 61000)) or ((icmp or icmp6) and (host 2001:db8::2))',
    );
    expect(filterOf([])).toBe('');
  });
});
