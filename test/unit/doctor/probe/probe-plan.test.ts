import { describe, expect, test } from 'vitest';
import type { Facts, Inside } from '../../../../src/doctor/facts/facts.ts';
import { planProbes, type ProbePacket } from '../../../../src/doctor/probe/probe-plan.ts';
import { filterOf, capturedOf, type Trail } from '../../../../src/doctor/probe/capture.ts';
import type { NetworkLink } from '../../../../src/trace/network-state.ts';
import { pathOf, stoppedBy } from '../../../support/doctor/paths.ts';
import { beside, outbound, published } from '../../../support/doctor/seen.ts';

const link = (name: string, index: number, peerIndex: number, address = ''): NetworkLink => ({
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
  ...{ resolvers: undefined, ownRules: undefined, sysctls: new Map() },
});
const container = (
  name: string,
  network: string,
  ipv4: string,
  index: number,
): Facts['containers'][number] => ({
  ...{
    id: name,
    name,
    state: 'running',
    status: 'Up',
    networkMode: network,
    requestedPorts: undefined,
    exposed: [],
  },
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
    drift: { unavailable: '' },
    owned: undefined,
    variant: 'nft',
    leftovers: [],
    networks: [],
    listeners: [],
    managers: [],
  },
  ...{ conntrack: undefined, conntrackDrops: undefined },
  netState: {
    ...{ rulesets: [], sets: undefined, natives: undefined, routes: [], routeRules: [], sysctls: new Map() },
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

describe('sender and receiver of a probe', () => {
  const one = (path: Parameters<typeof planProbes>[0][number], facts = FACTS) => {
    const [probe] = planProbes([path], facts, 61_000).probes;
    if (probe === undefined) throw new Error('nothing planned');
    return probe;
  };

  test('a container sends from its own namespace; its veth identifies the receiver', () => {
    expect(one(beside())).toMatchObject({
      packet: {
        from: 'db',
        netns: '/proc/db/ns/net',
        destination: '172.17.0.2',
        port: 80,
        sourcePort: 61_000,
      },
      ...{ others: [], standsIn: false, target: 'web', doors: ['vethweb'], translation: undefined },
    });
    expect(one(outbound())).toMatchObject({ packet: { from: 'web' }, target: '', doors: ['eth0'] });
  });

  test('for the outside this host sends, also to its other addresses and from another network', () => {
    const planned = one(published({ at: 'local' }));
    expect(planned).toMatchObject({
      packet: { from: 'this host', netns: '', destination: '192.0.2.1', port: 8080 },
      ...{ standsIn: true, target: 'web', gateway: '172.17.0.1', proxy: { hostPort: 8080 } },
      translation: { address: '172.17.0.2', port: 80, hostPort: 8080 },
    });
    const ends = planned.others.map(({ from, destination }: ProbePacket) => `${from} → ${destination}`);
    expect(ends).toEqual(['this host → 192.0.2.10', 'this host → 127.0.0.1', 'far → 192.0.2.1']);
    const ports = [planned.packet, ...planned.others].map((probePacket) =>
      'unavailable' in probePacket ? 0 : probePacket.sourcePort,
    );
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
          { ...container('db', 'bridge', '172.17.0.3', 8), inside: { unavailable: 'needs root' } },
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
    expect(one(path, { ...FACTS, ...facts }).packet).toEqual({ unavailable: why });
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

  test('at most twelve paths: failed ones first, closed ones that should be closed last', () => {
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

test('each way is probed once; answers and addresses of documentation are not', () => {
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

describe('the output of tcpdump', () => {
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

  test('is split by probe and direction, each interface once', () => {
    expect(capturedOf(TEXT, tcp)).toEqual([
      { link: 'vethdb', out: false, reply: false, source: '172.17.0.3', destination: '192.0.2.2' },
      { link: 'eth0', out: true, reply: false, source: '192.0.2.1', destination: '192.0.2.2' },
      { link: 'eth0', out: false, reply: true, source: '192.0.2.2', destination: '192.0.2.1' },
    ]);
    expect(capturedOf(TEXT, ping).map(({ link: at, out, reply }) => [at, out, reply])).toEqual([
      ['eth0', true, false],
      ['eth0', false, true],
    ]);
  });

  test('without interface names, packets are still recognised', () => {
    expect(capturedOf('IP 172.17.0.3.61000 > 192.0.2.2.80: tcp 0', tcp)).toMatchObject([
      { link: '', out: false },
    ]);
  });

  test('is filtered to the probes', () => {
    expect(filterOf([tcp, ping])).toBe(
      '((tcp or udp) and (port 61000)) or ((icmp or icmp6) and (host 2001:db8::2))',
    );
    expect(filterOf([])).toBe('');
  });
});
