import { describe, expect, test } from 'vitest';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { base, listed } from './listing.ts';
import { GROUND, inside, outside, saved, told, withRules, withSysctls } from './network.ts';

/** What becomes of a packet by IPv6 from a neighbour outside to a container. */
const forwarded = (netState: NetworkState): string =>
  told(tracePath(outside({ family: 'ipv6', source: '2001:db8::2', destination: 'fd00:17::2' }), netState));

/** What becomes of a packet by IPv6 from a container to its neighbour on the same bridge. */
const carried = (netState: NetworkState): string =>
  told(tracePath(inside({ family: 'ipv6', source: 'fd00:17::2', destination: 'fd00:17::3' }), netState));

const filter = (...rules: readonly string[]): NetworkState => withRules(saved('filter', rules));
const native = (policy: string, ...rules: readonly string[]): NetworkState => ({
  ...GROUND,
  natives: [{ table: 'inet own', text: listed(base('filter hook input priority filter', policy, ...rules)) }],
});

const REACHED = 'sent docker0 2001:db8::2 → fd00:17::2:80';
const hashlimit = (option: string, target: string): string =>
  `-A INPUT -p ipv6-icmp -m hashlimit --hashlimit-${option} --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name h -j ${target}`;

describe('discovery within a rate', () => {
  test.each<[string, readonly string[], string]>([
    ['is let in', ['-A INPUT -m limit --limit 60/min -j ACCEPT', '-A INPUT -j DROP'], REACHED],
    [
      'is rejected',
      ['-A INPUT -m limit --limit 10/sec -j REJECT', '-A INPUT -j DROP'],
      'stopped filter INPUT REJECT',
    ],
    [
      'is let in less than once in a second',
      ['-A INPUT -m limit --limit 3/min -j ACCEPT', '-A INPUT -j DROP'],
      'unknown: match limit',
    ],
    ['is below what is dropped', [hashlimit('above 10/sec', 'DROP')], REACHED],
    ['is dropped', [hashlimit('upto 10/sec', 'DROP')], 'stopped filter INPUT DROP'],
    ['is within so many bytes', [hashlimit('upto 512kb/s', 'ACCEPT'), '-A INPUT -j DROP'], REACHED],
  ])('of iptables %s', (_, rules, expected) => {
    expect(forwarded(filter(...rules))).toBe(expected);
  });

  test.each<[string, string, string]>([
    ['limit rate 10/second burst 5 packets accept', 'drop', REACHED],
    ['limit rate 10/second burst 5 packets reject', 'drop', 'stopped inet own input REJECT'],
    ['limit rate over 100/second burst 5 packets drop', 'accept', REACHED],
    ['limit rate 100/second burst 5 packets drop', 'accept', 'stopped inet own input DROP'],
    ['meta l4proto ipv6-icmp limit rate 512 kbytes/second burst 64 kbytes accept', 'drop', REACHED],
    ['limit rate 3/minute burst 5 packets accept', 'drop', 'unknown: nft: limit rate 3/minute'],
    ['add @seen { ip6 saddr limit rate over 10/second burst 9 packets } drop', 'accept', REACHED],
    ['meter icmp size 99 { ip6 saddr limit rate 10/second burst 5 packets } accept', 'drop', REACHED],
  ])('of nftables: %s, policy %s', (rule, policy, expected) => {
    expect(forwarded(native(policy, rule))).toBe(expected);
  });
});

test.each<[string, string]>([
  ['ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept', REACHED],
  ['ip6 hoplimit > 254 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept', REACHED],
  ['ip6 hoplimit != 255 accept', 'stopped inet own input DROP'],
])('discovery has a hop limit that nftables may ask for: %s', (rule, expected) => {
  expect(forwarded(native('drop', rule))).toBe(expected);
});

test('nobody is asked for on a link without neighbours, whatever kind it is of', () => {
  const closed = filter('-A INPUT -j DROP');
  const links = closed.links.map((one) =>
    one.name === 'eth0' || one.name === 'docker0' ? { ...one, asksNobody: true } : one,
  );
  expect(forwarded(closed)).toBe('stopped filter INPUT DROP');
  expect(forwarded({ ...closed, links })).toBe(REACHED);
});

describe('neighbours on one bridge find each other by what the bridge carries', () => {
  const CARRIED = 'sent docker0 fd00:17::2 → fd00:17::3:80';
  const type = (number: number, more = ''): string =>
    `-p ipv6-icmp -m icmp6 --icmpv6-type ${String(number)} ${more}-j DROP`;

  test.each<[string, NetworkState, string]>([
    ['the question, in FORWARD', filter(`-A FORWARD ${type(135)}`), 'stopped filter FORWARD DROP'],
    ['the answer, in FORWARD', filter(`-A FORWARD ${type(136)}`), 'stopped filter FORWARD DROP'],
    [
      'the question, in POSTROUTING',
      withRules(saved('mangle', [`-A POSTROUTING ${type(135)}`])),
      'stopped mangle POSTROUTING DROP',
    ],
    [
      'the answer, in raw',
      withRules(saved('raw', [`-A PREROUTING ${type(136)}`])),
      'stopped raw PREROUTING DROP',
    ],
    [
      'the question, to many',
      filter(`-A FORWARD ${type(135, '-m pkttype --pkt-type multicast ')}`),
      'stopped filter FORWARD DROP',
    ],
    ['the question, to one', filter(`-A FORWARD ${type(135, '-m pkttype --pkt-type unicast ')}`), CARRIED],
    ['of this host, in INPUT', filter(`-A INPUT ${type(135)}`), CARRIED],
    ['what is tracked', filter('-A FORWARD -p ipv6-icmp -m conntrack --ctstate INVALID -j DROP'), CARRIED],
    [
      'the question, where the rules are shown nothing',
      withSysctls(filter(`-A FORWARD ${type(135)}`), { 'bridge/bridge-nf-call-ip6tables': '0' }),
      CARRIED,
    ],
  ])('dropped is %s', (_, netState, expected) => {
    expect(carried(netState)).toBe(expected);
  });
});

test.each<[string, string]>([
  ['meta pkttype multicast accept', REACHED],
  ['meta pkttype host accept', 'stopped inet own input DROP'],
])('a question from outside is one to many, its answer to one: %s', (rule, expected) => {
  const answered = 'icmpv6 type nd-neighbor-advert accept';
  expect(forwarded(native('drop', rule, answered))).toBe(expected);
});

test.each<[string, string]>([
  ['-j MASQUERADE', REACHED.replace('2001:db8::2', 'fd00:17::1')],
  ['-p udp -j MASQUERADE', 'stopped filter OUTPUT DROP'],
])(
  'this host asks from the source that the packet leaves with, where that is its own: %s',
  (target, expected) => {
    const rules = [saved('nat', [`-A POSTROUTING -o docker0 ${target}`])];
    const links = GROUND.links.map((one) =>
      one.name === 'docker0'
        ? {
            ...one,
            addresses: [
              ...one.addresses,
              { family: 'ipv6' as const, address: 'fe80::1', length: 64, scope: 'link' },
            ],
          }
        : one,
    );
    rules.push(saved('filter', ['-A OUTPUT -s fe80::/10 -j DROP']));
    expect(forwarded({ ...withRules(rules.join('')), links })).toBe(expected);
  },
);
