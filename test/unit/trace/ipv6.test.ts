import { localType } from '../../../src/trace/routing/local.ts';
import { describe, expect, test } from 'vitest';
import type { Packet } from '../../../src/trace/packet.ts';
import { makePacket } from '../../../src/trace/packet.ts';
import { lookupRoute } from '../../../src/trace/routing/route.ts';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import {
  GROUND,
  inside,
  link,
  matches,
  outside,
  route,
  saved,
  told,
  withRules,
  withSets,
  withSysctls,
} from './network.ts';

const CLIENT = '2001:db8::2';
const HOST = '2001:db8::1';
const CONTAINER = 'fd00:17::2';
type Fields = Partial<Packet>;

const coming = (fields: Fields = {}): Packet =>
  outside({ family: 'ipv6', source: CLIENT, destination: CONTAINER, ...fields });
const leaving = (fields: Fields = {}): Packet =>
  inside({ family: 'ipv6', source: CONTAINER, destination: CLIENT, ...fields });
const made = (fields: Fields = {}): Packet =>
  makePacket({ family: 'ipv6', source: HOST, destination: CLIENT, ...fields });
const nat = (...rules: readonly string[]): NetworkState => withRules(saved('nat', rules));
/** The ground with the addresses of some interfaces changed. */
const addressed = (
  ground: NetworkState,
  addresses: Readonly<Record<string, readonly string[]>>,
): NetworkState => ({
  ...ground,
  links: ground.links.map((one) =>
    addresses[one.name] === undefined ? one : { ...one, ...link(one.name, addresses[one.name] ?? []) },
  ),
});

describe('the address MASQUERADE takes', () => {
  const netState = nat('-A POSTROUTING -j MASQUERADE');

  test('to an own address over lo, it is that address itself', () => {
    expect(tracePath(made({ destination: 'fd00:17::1' }), netState).last.source).toBe('fd00:17::1');
  });

  test('where the interface has none, it is the only one of the others', () => {
    const one = addressed(netState, { eth0: ['fe80::1/64'] });
    expect(told(tracePath(leaving(), one))).toBe(`sent eth0 fd00:17::1 → ${CLIENT}:80`);
  });

  test.each([
    ['several of the others', { eth0: ['fe80::1/64'], br1: ['fd00:18::1/64'] }],
    ['several of its own', { eth0: [`${HOST}/64`, '2001:db8::3/64'] }],
    ['none of global scope', { eth0: ['fe80::1/64'], docker0: ['fe80::2/64'] }],
  ])('which is not known: %s', (_, addresses) => {
    const path = tracePath(leaving(), addressed(netState, addresses));
    expect(path.end.at).toBe('sent');
    expect(path.last.vague).toEqual(['source']);
  });

  test('without any the packet is dropped', () => {
    const none = addressed(netState, { lo: [], eth0: [], docker0: [] });
    expect(told(tracePath(leaving(), none))).toBe('stopped nat POSTROUTING MASQUERADE');
  });

  test('to a neighbour by its address of the link alone, other rules hold', () => {
    const near = { ...GROUND, routes: [...GROUND.routes, route('fe80::/64', 'eth0')] };
    const path = tracePath(made({ destination: 'fe80::2' }), { ...near, rulesets: netState.rulesets });
    expect(path.last.vague).toEqual(['source']);
  });
});

describe('what the kernel refuses by itself', () => {
  test.each<[string, Fields, string]>([
    ['nothing, usually', {}, `sent docker0 ${CLIENT} → ${CONTAINER}:80`],
    ['an own source is none of it', { source: HOST }, `sent docker0 ${HOST} → ${CONTAINER}:80`],
    ['a loopback source', { source: '::1' }, 'lost martian'],
    ['a multicast source', { source: 'ff02::1' }, 'lost martian'],
    ['a loopback destination', { destination: '::1' }, 'lost martian'],
    ['a source of the link', { source: 'fe80::2' }, 'lost martian'],
    [
      'but not back to its link',
      { source: 'fe80::2', destination: '2001:db8:9::1' },
      'sent eth0 fe80::2 → 2001:db8:9::1:80',
    ],
  ])('%s', (_, fields, expected) => {
    expect(told(tracePath(coming(fields), GROUND))).toBe(expected);
  });

  test('a loopback destination before any rule', () => {
    const netState = nat(`-A PREROUTING -j DNAT --to-destination ${CONTAINER}`);
    expect(told(tracePath(coming({ destination: '::1' }), netState))).toBe('lost martian');
  });
});

describe('an interface with IPv6 switched off', () => {
  const off = (ground: NetworkState, name: string): NetworkState =>
    withSysctls(ground, { [`ipv6/conf/${name}/disable_ipv6`]: '1' });
  const inwards = nat('-A PREROUTING -j DNAT --to-destination fd00:17::3');

  test.each<[string, NetworkState, Packet, string]>([
    ['takes nothing in', off(GROUND, 'eth0'), coming(), 'lost interface-down'],
    ['sends nothing out', off(GROUND, 'docker0'), coming(), 'lost interface-down'],
    ['as a bridge takes nothing in', off(GROUND, 'docker0'), leaving(), 'lost interface-down'],
    [
      'as a bridge carries on',
      off(GROUND, 'docker0'),
      leaving({ destination: 'fd00:17::3' }),
      `sent docker0 ${CONTAINER} → fd00:17::3:80`,
    ],
    [
      'as a bridge carries what NAT makes a neighbour of',
      off(inwards, 'docker0'),
      leaving(),
      `sent docker0 ${CONTAINER} → fd00:17::3:80`,
    ],
  ])('%s', (_, netState, packet, expected) => {
    expect(told(tracePath(packet, netState))).toBe(expected);
  });
});

describe('what is translated to ::1 on its way in', () => {
  const netState = nat('-A PREROUTING -j DNAT --to-destination ::1');
  const without: NetworkState = { ...netState, routes: netState.routes.filter(({ to }) => to !== '::/0') };

  test('finds no route, for ::1 is sought behind the interface it came in by', () => {
    expect(told(tracePath(coming(), without))).toBe('lost no-route');
  });

  test('is not known where one leads there', () => {
    expect(told(tracePath(coming(), netState))).toBe('unknown: ::1 on eth0');
  });
});

describe('forwarding', () => {
  const off = { 'ipv6/conf/all/forwarding': '0' };
  const forced = (name: string): Record<string, string> => ({
    ...off,
    [`ipv6/conf/${name}/force_forwarding`]: '1',
  });
  const back = nat(`-A PREROUTING -d ${HOST}/128 -j DNAT --to-destination ${CLIENT}`);

  test.each<[string, Record<string, string>, Packet, string]>([
    ['off for all', off, coming(), 'lost forwarding-off'],
    ['forced on where it comes in', forced('eth0'), coming(), `sent docker0 ${CLIENT} → ${CONTAINER}:80`],
    ['forced on where it leaves', forced('docker0'), coming(), 'lost forwarding-off'],
  ])('%s', (_, sysctls, packet, expected) => {
    expect(told(tracePath(packet, withSysctls(GROUND, sysctls)))).toBe(expected);
  });

  test('a bridge routes what NAT changed as if it came in where it leaves', () => {
    const path = (sysctls: Record<string, string>): string =>
      told(tracePath(leaving({ destination: HOST }), withSysctls(back, sysctls)));
    expect(path(forced('eth0'))).toBe(`sent eth0 ${CONTAINER} → ${CLIENT}:80`);
    expect(path(forced('docker0'))).toBe('lost forwarding-off');
    expect(path({ ...forced('docker0'), 'bridge/bridge-nf-call-ip6tables': '0' })).toMatch(/^sent eth0/);
  });

  test('a bridge carries what NAT sends to a neighbour also without it', () => {
    const near = nat('-A PREROUTING -j DNAT --to-destination fd00:17::3');
    expect(told(tracePath(leaving(), withSysctls(near, off)))).toBe(
      `sent docker0 ${CONTAINER} → fd00:17::3:80`,
    );
  });
});

describe('matches', () => {
  const ping: Fields = { family: 'ipv6', protocol: 'ipv6-icmp' };

  test.each<[string, boolean]>([
    ['-p ipv6-icmp -m icmp6 --icmpv6-type 128/0', true],
    ['-p ipv6-icmp -m icmp6 ! --icmpv6-type 129', true],
    // 255 is any type for IPv4 alone (ip6_tables.c, icmp6_type_code_match).
    ['-p ipv6-icmp -m icmp6 --icmpv6-type 255', false],
  ])('%s', (condition, expected) => {
    expect(matches(condition, ping)).toBe(expected);
  });

  test.each<[string, Fields, boolean | string]>([
    ['--dst-type LOCAL --limit-iface-in', {}, true],
    ['--dst-type LOCAL --limit-iface-in', { destination: 'fd00:17::1' }, false],
    ['! --dst-type LOCAL --limit-iface-in', { destination: 'fd00:17::1' }, true],
    ['--dst-type ANYCAST', {}, false],
    ['--dst-type ANYCAST', { destination: 'fd00:17::' }, true],
    ['--dst-type LOCAL', { destination: 'fd00:17::' }, false],
    ['--dst-type UNICAST', {}, true],
    [
      '--dst-type ANYCAST --limit-iface-in',
      {},
      'addrtype of more than one kind or on one interface, for IPv6',
    ],
  ])('addrtype %s of %j', (condition, fields, expected) => {
    const of = (to: string, type: string) => route(to, 'docker0', '', { table: 'local', type });
    const own = [of('fd00:17::/128', 'anycast'), of('fd00:17::1/128', 'local'), of(`${HOST}/128`, 'local')];
    const ground = { ...GROUND, routes: [...GROUND.routes, ...own] };
    expect(matches(`-m addrtype ${condition}`, { family: 'ipv6', ...fields }, ground)).toBe(expected);
  });

  test.each(['--rt-type 0', '! --rt-type 0'])(
    'a packet without a routing header is no match of rt %s',
    (option) => {
      expect(matches(`-m rt ${option}`, { family: 'ipv6' })).toBe(false);
    },
  );

  test('an address that is looked for duplicates of has no route yet, and is this host’s all the same', () => {
    const local = route('::1/128', 'lo', '', { table: 'local', type: 'local' });
    const ground = { ...GROUND, routes: [...GROUND.routes, local] };
    expect(localType(ground, 'ipv6', 'fd00:17::1', undefined)).toBe('LOCAL');
    expect(localType(ground, 'ipv6', 'fd00:17::2', undefined)).toBe('UNICAST');
  });

  test.each<[string, boolean]>([
    ['echo-request', true],
    ['echo-reply', false],
    ['128/0', true],
  ])('%s in a set', (name, expected) => {
    const text = `create s hash:ip,port family inet6\nadd s ${HOST},ipv6-icmp:${name}\n`;
    expect(matches('-m set --match-set s dst,dst', ping, withSets(GROUND, text))).toBe(expected);
  });
});

test('routes of an interface without a carrier are passed over where IPv6 is told to', () => {
  const dead = route('fd00:9::/64', 'br1', '', { flags: ['linkdown'] });
  const ground = { ...GROUND, routes: [...GROUND.routes, dead] };
  const way = (family: string): string => {
    const netState = withSysctls(ground, { [`${family}/conf/br1/ignore_routes_with_linkdown`]: '1' });
    const found = lookupRoute(netState, {
      ...{ family: 'ipv6', source: '', destination: 'fd00:9::1', mark: 0, inInterface: '' },
    });
    return found.kind === 'unicast' ? found.route.dev : found.kind;
  };
  expect(way('ipv6')).toBe('eth0');
  expect(way('ipv4')).toBe('br1');
});
