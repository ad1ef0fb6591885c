import { describe, expect, test } from 'vitest';
import { lookupRoute } from '../../../src/trace/routing/route.ts';
import type { RouteRule, NetworkState } from '../../../src/trace/network-state.ts';
import { makePacket } from '../../../src/trace/packet.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { GROUND, inside, link, outside, route, saved, told, withRules, withSysctls } from './network.ts';

const journey = {
  family: 'ipv4',
  source: '172.17.0.2',
  destination: '203.0.113.5',
  mark: 0,
  inInterface: 'docker0',
} as const;
const way = (netState: NetworkState, change: object = {}): string => {
  const found = lookupRoute(netState, { ...journey, ...change });
  return found.kind === 'unknown'
    ? found.why
    : found.kind === 'none'
      ? found.why
      : `${found.kind} ${found.route.dev}`;
};
const add = (...routes: NetworkState['routes']): NetworkState => ({
  ...GROUND,
  routes: [...GROUND.routes, ...routes],
});
const rule = (fields: Readonly<Record<string, string>>, table = '7'): NetworkState => {
  const rules: readonly RouteRule[] = [
    { family: 'ipv4', priority: 5, table, fields },
    { family: 'ipv4', priority: 9, table: 'main', fields: { src: 'all' } },
  ];
  return { ...add({ ...route('0.0.0.0/0', 'br1'), table: '7' }), routeRules: rules };
};

const TCP = { protocol: 'tcp', sourcePort: 40_000, destinationPort: 443 };

describe('routing', () => {
  test.each<[string, NetworkState, object, string]>([
    ['the default', GROUND, {}, 'unicast eth0'],
    ['an own address', GROUND, { destination: '172.17.0.1' }, 'local docker0'],
    ['all of 127.0.0.0/8', GROUND, { destination: '127.3.2.1' }, 'local lo'],
    ['the longest prefix', add(route('203.0.113.0/24', 'br1')), {}, 'unicast br1'],
    ['the lowest metric', add(route('0.0.0.0/0', 'br1', '', { metric: 5 })), {}, 'unicast eth0'],
    ['not a dead one', add(route('203.0.113.0/24', 'br1', '', { flags: ['dead'] })), {}, 'unicast eth0'],
    ['two alike', add(route('0.0.0.0/0', 'br1')), {}, 'which of several routes to 0.0.0.0/0 is taken'],
    ['unreachable', add(route('203.0.113.0/24', '', '', { type: 'unreachable' })), {}, 'unreachable'],
    ['none', { ...GROUND, routes: [] }, {}, 'no-route'],
    ['a rule for the source', rule({ src: '172.17.0.0', srclen: '16' }), {}, 'unicast br1'],
    ['a rule for another source', rule({ src: '172.18.0.0', srclen: '16' }), {}, 'unicast eth0'],
    ['a rule that does nothing', rule({ src: 'all', nop: '' }, ''), {}, 'unicast eth0'],
    ['a rule that skips none', rule({ src: 'all', goto: '9' }, ''), {}, 'unicast eth0'],
    ['a rule that skips the last', rule({ src: 'all', goto: '10' }, ''), {}, 'no-route'],
    ['one that leads nowhere', rule({ src: 'all', goto: '10', unresolved: '' }, ''), {}, 'unicast eth0'],
    ['a rule for a destination', rule({ src: 'all', dst: '203.0.113.5' }), {}, 'unicast br1'],
    [
      'a rule for a mark',
      rule({ src: 'all', fwmark: '0x1', fwmask: '0xff' }),
      { mark: 0x101 },
      'unicast br1',
    ],
    ['a rule for another mark', rule({ src: 'all', fwmark: '0x1' }), { mark: 0x101 }, 'unicast eth0'],
    ['a rule for all but a mark', rule({ not: '', src: 'all', fwmark: '0x711e' }), {}, 'unicast br1'],
    [
      'a rule for all but a mark, and a packet that has it',
      rule({ not: '', src: 'all', fwmark: '0x1', fwmask: '0xff' }),
      { mark: 0x301 },
      'unicast eth0',
    ],
    [
      'a rule for all but those that meet both of two conditions',
      rule({ not: '', src: '10.0.0.1', fwmark: '0x1' }),
      { mark: 1 },
      'unicast br1',
    ],
    [
      'a rule for all but what is not known',
      rule({ not: '', src: 'all', tos: '0x10' }),
      {},
      'a routing rule with tos',
    ],
    ['a rule for a protocol', rule({ src: 'all', ipproto: 'tcp' }), TCP, 'unicast br1'],
    ['a rule for a protocol by its number', rule({ src: 'all', ipproto: '6' }), TCP, 'unicast br1'],
    ['a rule for another protocol', rule({ src: 'all', ipproto: 'udp' }), TCP, 'unicast eth0'],
    ['a rule for a port', rule({ src: 'all', ipproto: 'tcp', dport: '443' }), TCP, 'unicast br1'],
    ['a rule for another port', rule({ src: 'all', dport: '80' }), TCP, 'unicast eth0'],
    ['a rule for ports', rule({ src: 'all', dport_start: '400', dport_end: '443' }), TCP, 'unicast br1'],
    ['a rule for other ports', rule({ src: 'all', sport_start: '1', sport_end: '99' }), TCP, 'unicast eth0'],
    ['a rule for all but a port', rule({ not: '', src: 'all', dport: '443' }), TCP, 'unicast eth0'],
    [
      'a rule for a port that NAT chose',
      rule({ src: 'all', sport: '40000' }),
      { ...TCP, vague: ['sourcePort'] },
      'a routing rule with sport',
    ],
    ['a rule for a port, of no packet', rule({ src: 'all', dport: '443' }), {}, 'a routing rule with dport'],
    [
      'a rule for some bits of a port',
      rule({ src: 'all', dport: '0xbb', dport_mask: '0xff' }),
      TCP,
      'a routing rule with dport',
    ],
    ['a rule for an interface', rule({ src: 'all', iif: 'docker0' }), {}, 'unicast br1'],
    [
      'a rule that suppresses short prefixes',
      rule({ src: 'all', suppress_prefixlen: '0' }),
      {},
      'unicast eth0',
    ],
    ['a rule for users', rule({ src: 'all', uid_start: '1', uid_end: '9' }), {}, 'unicast eth0'],
    ['a rule for root', rule({ src: 'all', uid_start: '0', uid_end: '99' }), {}, 'unicast br1'],
    ['a rule for VRFs, and a bridge in none', rule({ src: 'all', l3mdev: '' }, ''), {}, 'unicast eth0'],
    ['a rule that ends it', rule({ src: 'all', action: 'blackhole' }, ''), {}, 'unreachable'],
    ['a rule not known here', rule({ src: 'all', tos: '0x10' }), {}, 'a routing rule with tos'],
    ['a rule not known here, for others', rule({ src: '10.0.0.1', tos: '0x10' }), {}, 'unicast eth0'],
  ])('%s', (_, netState, change, expected) => {
    expect(way(netState, change)).toBe(expected);
  });
});

describe('what the kernel refuses by itself', () => {
  test.each<[string, Record<string, string>, object, string]>([
    ['nothing, usually', {}, {}, 'sent docker0 192.0.2.2 → 172.17.0.2:80'],
    ['without forwarding', { 'ipv4/conf/eth0/forwarding': '0' }, {}, 'lost forwarding-off'],
    ['forwarding off for all', { 'ipv4/conf/all/forwarding': '0' }, {}, 'lost forwarding-off'],
    ['strict rp_filter', { 'ipv4/conf/eth0/rp_filter': '1' }, { source: '172.18.0.9' }, 'lost rp-filter'],
    [
      'strict rp_filter for all',
      { 'ipv4/conf/all/rp_filter': '1' },
      { source: '172.18.0.9' },
      'lost rp-filter',
    ],
    [
      'loose rp_filter',
      { 'ipv4/conf/all/rp_filter': '1', 'ipv4/conf/eth0/rp_filter': '2' },
      { source: '172.18.0.9' },
      'sent docker0 172.18.0.9 → 172.17.0.2:80',
    ],
    ['an own source', {}, { source: '172.18.0.1' }, 'lost martian'],
    ['a loopback source', {}, { source: '127.0.0.1' }, 'lost martian'],
    ['a loopback destination', {}, { destination: '127.0.0.1' }, 'lost martian'],
    [
      'a loopback destination with route_localnet',
      { 'ipv4/conf/eth0/route_localnet': '1' },
      { destination: '127.0.0.1' },
      'local 127.0.0.1:80',
    ],
    ['an interface nobody knows', {}, { inInterface: 'eth9' }, 'unknown: interface eth9'],
  ])('%s', (_, sysctls, fields, expected) => {
    const packet = outside({ destination: '172.17.0.2', ...fields });
    expect(told(tracePath(packet, withSysctls(GROUND, sysctls)))).toBe(expected);
  });

  test('interfaces that are down', () => {
    const down = (name: string, how: object): NetworkState => ({
      ...GROUND,
      links: GROUND.links.map((one) => (one.name === name ? { ...one, ...how } : one)),
    });
    const packet = outside({ destination: '172.17.0.2' });
    expect(told(tracePath(packet, down('eth0', { up: false })))).toBe('lost interface-down');
    expect(told(tracePath(packet, down('docker0', { carrier: false })))).toBe('lost interface-down');
    expect(told(tracePath(inside(), down('v1', { portState: 'disabled' })))).toBe('lost interface-down');
  });

  test('forwarding that was not read is not known', () => {
    expect(told(tracePath(outside({ destination: '172.17.0.2' }), { ...GROUND, sysctls: new Map() }))).toBe(
      'unknown: whether this machine forwards',
    );
  });
});

describe('bridges', () => {
  const neighbour = inside({ destination: '172.17.0.3' });
  const drop = saved('filter', ['-A FORWARD -i docker0 -o docker0 -m physdev --physdev-is-bridged -j DROP']);

  test('rules see what a bridge carries where br_netfilter is on', () => {
    expect(told(tracePath(neighbour, withRules(drop)))).toBe('stopped filter FORWARD DROP');
  });

  test.each(['0', undefined])('and do not where it is %s', (value) => {
    const netState = withRules(drop);
    const sysctls = new Map([...netState.sysctls].filter(([name]) => !name.startsWith('bridge/')));
    if (value !== undefined) sysctls.set('bridge/bridge-nf-call-iptables', value);
    const path = tracePath(neighbour, { ...netState, sysctls });
    expect(told(path)).toBe('sent docker0 172.17.0.2 → 172.17.0.3:80');
    expect(path.steps.map(({ stage }) => stage)).toEqual(['bridge']);
  });

  test('what DNAT sends back by the port it came in by needs a hairpin port', () => {
    const dnat = withRules(saved('nat', ['-A PREROUTING -j DNAT --to-destination 172.17.0.2']));
    const packet = inside({ destination: '192.0.2.1' });
    const ports = (hairpin: boolean): NetworkState => ({
      ...dnat,
      links: [
        ...dnat.links.filter(({ name }) => name !== 'v1'),
        link('v1', [], { master: 'docker0', hairpin }),
      ],
    });
    expect(told(tracePath(packet, ports(false)))).toBe('lost hairpin');
    expect(told(tracePath(packet, ports(true)))).toMatch(/^sent docker0/);
    expect(told(tracePath({ ...packet, inPort: '' }, dnat))).toMatch(/^unknown: whether the port/);
  });
});

describe('what is made here', () => {
  test('takes the source of its route, and comes back over lo to an own address', () => {
    const packet = makePacket({ family: 'ipv4', source: '', destination: '203.0.113.5' });
    expect(told(tracePath(packet, GROUND))).toBe('sent eth0 192.0.2.1 → 203.0.113.5:80');
    const own = tracePath({ ...packet, destination: '172.17.0.1' }, GROUND);
    expect(told(own)).toBe('local 172.17.0.1:80');
    expect(own.last).toMatchObject({ source: '172.17.0.1', inInterface: 'lo' });
  });

  const made = makePacket({ family: 'ipv4', source: '', destination: '172.17.0.2' });

  test('is routed again by the address it got', () => {
    expect(told(tracePath(made, rule({ src: '10.0.0.0', srclen: '8' })))).toMatch(/^sent docker0/);
    expect(told(tracePath(made, rule({ src: '172.17.0.0', srclen: '16' })))).toBe(
      'sent br1 172.17.0.1 → 172.17.0.2:80',
    );
    const six = {
      family: 'ipv6',
      priority: 5,
      table: '7',
      fields: { src: 'fd00:17::', srclen: '64' },
    } as const;
    const usual = { family: 'ipv6', priority: 9, table: 'main', fields: { src: 'all' } } as const;
    const state = {
      ...add({ ...route('::/0', 'br1'), table: '7' }),
      routeRules: [six, usual],
    };
    const packet = makePacket({ family: 'ipv6', source: '', destination: 'fd00:17::2' });
    expect(told(tracePath(packet, state))).toMatch(/^sent docker0/);
  });

  test('leaves by an interface without an address, with one that is not known', () => {
    const bare = {
      ...GROUND,
      links: [...GROUND.links, link('t0', [])],
      routes: [...GROUND.routes, route('172.17.0.2/32', 't0')],
    };
    const path = tracePath(made, bare);
    expect(path.end).toMatchObject({ at: 'sent', outInterface: 't0' });
    expect(path.last.vague).toEqual(['source']);
    const asked = [
      { family: 'ipv4', priority: 5, table: 'main', fields: { src: '172.17.0.0', srclen: '16' } },
      { family: 'ipv4', priority: 9, table: 'main', fields: { src: 'all' } },
    ] as const;
    expect(told(tracePath(made, { ...bare, routeRules: asked }))).toBe('unknown: the source address it gets');
  });
});
