import { describe, expect, test } from 'vitest';
import { tracePath } from '../../../src/trace/trace.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { GROUND, inside, outside, saved, told, withRules } from './network.ts';

/** A table as `nft -s -a list table inet own` prints it. */
const listed = (...chains: readonly string[]): string =>
  `table inet own { # handle 1\n${chains.map((chain) => `\t${chain.replaceAll('\n', '\n\t')}\n`).join('\n')}}\n`;

const base = (head: string, policy: string, ...rules: readonly string[]): string =>
  [
    `chain ${head.split(' ')[2] ?? ''} { # handle 2`,
    `\ttype ${head}; policy ${policy};`,
    ...rules.map((rule, i) => `\t${rule} # handle ${String(i + 10)}`),
    '}',
  ].join('\n');

const chain = (name: string, ...rules: readonly string[]): string =>
  [`chain ${name} { # handle 3`, ...rules.map((rule) => `\t${rule} # handle 30`), '}'].join('\n');

const INPUT = 'filter hook input priority filter';
const FORWARD = 'filter hook forward priority filter';

/** What becomes of the packet from outside to this machine's port 80. */
const arriving = (rules: readonly string[], policy = 'accept', others: readonly string[] = []): string =>
  told(
    tracePath(outside(), {
      ...GROUND,
      natives: [{ table: 'inet own', text: listed(base(INPUT, policy, ...rules), ...others) }],
    }),
  );

const PASSES = 'local 192.0.2.1:80';
const DROPPED = 'stopped inet own input DROP';

describe("rules of nftables' own", () => {
  test.each<[readonly string[], string]>([
    [['tcp dport 80 drop'], DROPPED],
    [['tcp dport { 22, 80-90 } drop'], DROPPED],
    [['tcp dport 81 drop'], PASSES],
    [['udp dport 80 drop'], PASSES],
    [['tcp dport != 80 drop'], PASSES],
    [['tcp dport > 79 drop'], 'unknown: nft: tcp dport > 79 drop'],
    [['ip saddr 192.0.2.0/24 reject with icmpx admin-prohibited'], 'stopped inet own input REJECT'],
    [['ip saddr 192.0.2.0/24 reject with icmp type host-unreachable'], 'stopped inet own input REJECT'],
    [['reject with icmpv6 admin-prohibited'], PASSES],
    [['reject with tcp reset'], 'stopped inet own input REJECT'],
    [['log prefix "a " level debug flags all drop'], DROPPED],
    [['ip saddr 192.0.2.3-192.0.2.9 drop'], PASSES],
    [['ip6 saddr != fd00::/8 drop'], PASSES],
    [['iifname "eth*" drop'], DROPPED],
    [['iifname != "eth0" drop'], PASSES],
    [['iifname { "lo", "docker0" } accept', 'drop'], DROPPED],
    [['ct state established,related accept', 'ct state new drop'], DROPPED],
    [['ct state vmap { established : accept, new : drop }'], DROPPED],
    [['ct state vmap { established : accept }', 'log prefix "drop " counter'], PASSES],
    [['tcp dport vmap { 22 : accept, 80 : drop }'], DROPPED],
    [['udp dport vmap { 22 : accept, 80 : drop }'], PASSES],
    [['iifname "eth0" meta mark 0x00000001 drop'], PASSES],
    [['meta mark != 0x00000001 drop'], DROPPED],
    [['meta mark set 0x00000001', 'meta mark 0x00000001 drop'], DROPPED],
    [['meta mark set 0x00000005', 'ct mark set meta mark & 0x00000004', 'ct mark 0x00000004 drop'], DROPPED],
    [['meta mark set meta mark | 0x00002000', 'meta mark & 0x00002000 == 0x00002000 drop'], DROPPED],
    [['meta mark set 0x00000003', 'meta mark & 0x00000001 != 0x00000001 drop'], PASSES],
    [['tcp flags syn / fin,syn,rst tcp option maxseg size set rt mtu'], PASSES],
    [
      ['meta mark set ip saddr map { 192.0.2.2 : 0x1 }'],
      'unknown: nft: meta mark set ip saddr map { 192.0.2.2 : 0x1 }',
    ],
    [['ip daddr set 192.0.2.9'], 'unknown: nft: ip daddr set 192.0.2.9'],
    [['icmp type redirect accept', 'drop'], DROPPED],
    [['iifname vmap { "lo" : accept, "eth0" : drop }'], DROPPED],
    [['ct status dnat drop'], PASSES],
    [['meta nfproto ipv6 fib saddr . mark . iif oif missing drop'], PASSES],
    [['meta l4proto { tcp, udp } th dport 80 drop'], DROPPED],
    [['fib daddr type local drop'], DROPPED],
    [['limit rate 5/second accept', 'accept'], PASSES],
    [['limit rate 5/second accept', 'drop'], 'unknown: nft: limit rate 5/second accept'],
    [
      ['ip saddr . tcp dport { 192.0.2.2 . 80 } drop'],
      'unknown: nft: ip saddr . tcp dport { 192.0.2.2 . 80 } drop',
    ],
    [['tcp dport 80 ct count over 3 reject'], 'unknown: nft: tcp dport 80 ct count over 3 reject'],
    [['udp dport 53 ct count over 3 reject'], PASSES],
    [['ip protocol icmp drop'], PASSES],
    [['ip saddr @gone drop'], "unknown: nftables' set gone"],
    [['tcp dport 80 queue to 0'], 'unknown: nft: tcp dport 80 queue to 0'],
    [['return', 'drop'], PASSES],
    [['accept', 'drop'], PASSES],
  ])('%s: %s', (rules, expected) => {
    expect(arriving(rules)).toBe(expected);
  });

  test('sets and maps of the table', () => {
    const sets = [
      'set near { # handle 5\n\ttype ipv4_addr\n\tflags interval\n\telements = { 10.0.0.0/8,\n\t\t     192.0.2.0-192.0.2.9 }\n}',
      'map doors { # handle 6\n\ttype ifname : verdict\n\telements = { "lo" : accept,\n\t\t     "eth0" : jump cellar }\n}',
      'set moving { # handle 7\n\ttype ipv4_addr\n\tflags dynamic,timeout\n}',
      'set banned { # handle 8\n\ttype ipv4_addr\n\tflags timeout\n\telements = { 192.0.2.1 timeout 1h, 192.0.2.2 timeout 30m comment "x y" }\n}',
      chain('cellar', 'drop'),
    ];
    expect(arriving(['ip saddr @near drop'], 'accept', sets)).toBe(DROPPED);
    expect(arriving(['ip saddr != @near drop'], 'accept', sets)).toBe(PASSES);
    expect(arriving(['iifname vmap @doors'], 'accept', sets)).toBe('stopped inet own cellar DROP');
    expect(arriving(['ip saddr @moving drop'], 'accept', sets)).toBe("unknown: nftables' set moving");
    expect(arriving(['ip saddr @banned drop'], 'accept', sets)).toBe(DROPPED);
  });

  test('jumps come back, gotos do not, and what is left is the policy', () => {
    expect(arriving(['jump a', 'accept'], 'drop', [chain('a', 'udp dport 1 drop')])).toBe(PASSES);
    expect(arriving(['goto a', 'accept'], 'drop', [chain('a', 'udp dport 1 drop')])).toBe(DROPPED);
    expect(arriving(['jump a'], 'drop', [chain('a', 'return')])).toBe(DROPPED);
  });
});

describe('where they stand', () => {
  const behind = (natives: readonly string[], packet: Packet, rules: string): string =>
    told(
      tracePath(packet, {
        ...withRules(rules),
        natives: natives.map((text) => ({ table: 'inet own', text })),
      }),
    );
  const DNAT = saved('nat', ['-A PREROUTING -d 192.0.2.1 -j DNAT --to-destination 172.17.0.2']);
  const at = (priority: string): string =>
    listed(base(`filter hook prerouting priority ${priority}`, 'accept', 'ip daddr 172.17.0.2 drop'));

  test('before and behind the translation of iptables', () => {
    expect(behind([at('mangle + 10')], outside(), DNAT)).toMatch(/^sent docker0/);
    expect(behind([at('filter')], outside(), DNAT)).toBe('stopped inet own prerouting DROP');
    expect(behind([at('dstnat')], outside(), DNAT)).toBe("unknown: nftables' own table inet own decides too");
  });

  test('beside raw, which may take a connection away, only what does not ask for one', () => {
    const raw = (rule: string): string => listed(base('filter hook prerouting priority raw', 'accept', rule));
    expect(behind([raw('tcp dport 80 drop')], outside(), DNAT)).toBe('stopped inet own prerouting DROP');
    expect(behind([raw('ct state new drop')], outside(), DNAT)).toMatch(/^unknown/);
  });

  test('an accept of one chain is not the last word', () => {
    const open = listed(base(FORWARD, 'accept', 'accept'));
    const closed = listed(base('filter hook forward priority filter + 10', 'drop'));
    expect(behind([open, closed], inside(), DNAT)).toBe('stopped inet own forward DROP');
    expect(behind([open], inside(), saved('filter', ['-A FORWARD -j DROP']))).toBe(
      'stopped filter FORWARD DROP',
    );
  });

  test('what is changed in a way that is not followed makes a path unknown that may meet it', () => {
    const nat = (rule: string): string =>
      listed(base(FORWARD, 'accept'), base('nat hook postrouting priority srcnat', 'accept', rule));
    const numbered = 'meta mark set numgen inc mod 2 offset 0x1';
    expect(behind([listed(base(FORWARD, 'accept', numbered))], outside(), DNAT)).toBe(
      `unknown: nft: ${numbered}`,
    );
    expect(behind([nat('oifname "docker0" snat ip to ip saddr map @m')], outside(), DNAT)).toMatch(
      /^unknown/,
    );
    expect(behind([nat('oifname "eth0" snat ip to ip saddr map @m')], outside(), DNAT)).toMatch(
      /^sent docker0/,
    );
    expect(behind([nat('ct status dnat masquerade')], outside(), DNAT)).toMatch(
      /^sent docker0 172\.17\.0\.1 →/,
    );
  });
});

describe('translations in tables of nftables own', () => {
  const between = (natives: readonly string[], packet: Packet, rules = ''): string =>
    told(
      tracePath(packet, {
        ...withRules(rules === '' ? saved('filter', []) : rules),
        natives: natives.map((text, i) => ({ table: `inet own${String(i)}`, text })),
      }),
    );
  const post = (rule: string, priority = 'srcnat'): string =>
    listed(base(`nat hook postrouting priority ${priority}`, 'accept', rule));
  const pre = (rule: string, priority = 'dstnat'): string =>
    listed(base(`nat hook prerouting priority ${priority}`, 'accept', rule));
  const MASQUERADE = saved('nat', ['-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE']);
  const SNAT = saved('nat', ['-A POSTROUTING -s 172.17.0.0/16 -j SNAT --to-source 192.0.2.9']);

  test('a masquerade stops nothing, and stands beside a MASQUERADE that does the same', () => {
    const wide = post('oifname "eth0" masquerade');
    expect(between([wide], inside())).toBe('sent eth0 192.0.2.1 → 203.0.113.5:80');
    expect(between([wide], inside(), MASQUERADE)).toBe('sent eth0 192.0.2.1 → 203.0.113.5:80');
    expect(between([post('ip saddr 10.0.0.0/8 masquerade')], inside(), SNAT)).toBe(
      'sent eth0 192.0.2.9 → 203.0.113.5:80',
    );
  });

  test('of two of one priority that differ nobody tells which is first; the earlier one of two priorities is', () => {
    const wide = (priority: string): string => post('oifname "eth0" masquerade', priority);
    expect(between([wide('srcnat')], inside(), SNAT)).toMatch(
      /^unknown: which of .* comes first in nat POSTROUTING/,
    );
    expect(between([wide('srcnat - 1')], inside(), SNAT)).toBe('sent eth0 192.0.2.1 → 203.0.113.5:80');
    expect(between([wide('srcnat + 1')], inside(), SNAT)).toBe('sent eth0 192.0.2.9 → 203.0.113.5:80');
  });

  test('a translation of the destination is followed', () => {
    expect(between([pre('tcp dport 80 dnat ip to 172.17.0.3:8080')], outside())).toBe(
      'sent docker0 192.0.2.2 → 172.17.0.3:8080',
    );
    expect(between([pre('tcp dport 80 redirect to :81')], outside())).toBe('local 192.0.2.1:81');
    expect(between([pre('tcp dport 80 dnat ip6 to [fd00:17::3]:8080')], outside())).toBe(PASSES);
  });

  test('one marks, and the other masquerades what is marked, in whichever order', () => {
    const marks = post('ip saddr 172.17.0.0/16 meta mark set 0x1');
    const asks = saved('nat', ['-A POSTROUTING -m mark --mark 0x1 -j MASQUERADE']);
    expect(between([marks], inside(), asks)).toMatch(/^unknown: which of/);
  });
});
