import { describe, expect, test } from 'vitest';
import { tracePath } from '../../../src/trace/trace.ts';
import { GROUND, inside, outside, told } from './network.ts';

import { base, chain, listed } from './listing.ts';

const INPUT = 'filter hook input priority filter';

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
    [['tcp dport > 79 drop'], DROPPED],
    [['tcp dport > 80 drop'], PASSES],
    [['tcp dport <= 80 drop'], DROPPED],
    [['tcp dport < 80 drop'], PASSES],
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
    [['meta mark set ip saddr map { 192.0.2.2 : 0x1 }', 'meta mark 0x1 drop'], DROPPED],
    [['meta mark set ip saddr map { 192.0.2.3 : 0x1 } drop'], PASSES],
    [['meta mark set jhash ip saddr mod 2'], 'unknown: nft: meta mark set jhash ip saddr mod 2'],
    [['ip daddr set 192.0.2.9'], 'unknown: nft: ip daddr set 192.0.2.9'],
    [['icmp type redirect accept', 'drop'], DROPPED],
    [['iifname vmap { "lo" : accept, "eth0" : drop }'], DROPPED],
    [['ct status dnat drop'], PASSES],
    [['meta nfproto ipv6 fib saddr . mark . iif oif missing drop'], PASSES],
    [['meta l4proto { tcp, udp } th dport 80 drop'], DROPPED],
    [['meta ipsec missing drop'], DROPPED],
    [['meta ipsec exists drop'], PASSES],
    [['@nh,128,32 0xc0000201 drop'], DROPPED],
    [['@nh,128,32 { 0xc0000202, 0xc0000203 } drop'], PASSES],
    [['@nh,96,16 != 0xc000 drop'], PASSES],
    [['@nh,0,8 & 0xf0 == 0x40 drop'], DROPPED],
    [['@nh,72,8 0x6 drop'], DROPPED],
    // The port that asks is 40000, and the one asked 80.
    [['@th,0,32 0x9c400050 drop'], DROPPED],
    [['@th,0,32 0x10000000-0x20000000 drop'], PASSES],
    [['@th,16,16 & 0x00f0 == 0x0050 drop'], DROPPED],
    [['meta l4proto tcp @th,104,8 & 0x12 == 0x2 drop'], DROPPED],
    [['meta l4proto tcp @th,104,8 & 0x12 == 0x12 drop'], PASSES],
    // Some of it is known, and another.
    [['@nh,64,64 0x40067f7f7f000001 drop'], PASSES],
    [['@nh,16,16 0x3c drop'], 'unknown: nft: @nh,16,16'],
    // nft 1.1.7 lists other bits than it was given, where they are no whole bytes.
    [['@th,110,2 0x1 drop'], 'unknown: nft: @th,110,2'],
    [['meta ipsec missing udp dport 4789 @th,96,24 0x1001 drop'], PASSES],
    [['fib daddr type local drop'], DROPPED],
    [['limit rate 5/second accept', 'accept'], PASSES],
    [['limit rate 5/second accept', 'drop'], 'unknown: nft: limit rate 5/second'],
    [['ip saddr . tcp dport { 192.0.2.2 . 80 } drop'], DROPPED],
    [['ip saddr . tcp dport { 192.0.2.2 . 81, 192.0.2.3 . 80 } drop'], PASSES],
    [['ip saddr . tcp dport { 192.0.2.0/24 . 70-90 } drop'], DROPPED],
    [['ip saddr . tcp dport != { 192.0.2.2 . 80 } drop'], PASSES],
    [['ip saddr . udp dport != { 192.0.2.2 . 80 } drop'], PASSES],
    [['ip saddr . meta l4proto . th dport { 192.0.2.2 . tcp . 80 } drop'], DROPPED],
    [['ip saddr . tcp dport vmap { 192.0.2.2 . 80 : drop }'], DROPPED],
    [['ip saddr vmap { 192.0.2.0/24 : drop, * : accept }'], DROPPED],
    [['ip saddr vmap { 10.0.0.0/8 : accept, * : drop }'], DROPPED],
    [['ip saddr & 255.0.0.255 == 192.0.0.2 drop'], DROPPED],
    [['ip saddr & 255.0.0.255 == 192.0.0.3 drop'], PASSES],
    [['ip version 4 drop'], DROPPED],
    [['meta pkttype host drop'], DROPPED],
    [['ip frag-off & 0x1fff != 0x0 drop'], PASSES],
    [['ct direction original drop'], DROPPED],
    [['ct direction reply drop'], PASSES],
    [['ct original ip daddr 192.0.2.1 drop'], DROPPED],
    [['ct original ip6 daddr != ::1 drop'], PASSES],
    [['ct original proto-dst 80 drop'], DROPPED],
    [['ct protocol udp drop'], PASSES],
    [['ct state != new drop'], PASSES],
    [['ct state ! established,related drop'], DROPPED],
    [['ct state != established | new drop'], DROPPED],
    [['ct state new / established,new drop'], DROPPED],
    [['ct state & (established | new) == new drop'], DROPPED],
    [['ct state != { invalid, established } drop'], DROPPED],
    [['ct status ! dnat drop'], DROPPED],
    [['ct status confirmed drop'], PASSES],
    [['ct status assured accept', 'drop'], DROPPED],
    [['tcp flags syn drop'], DROPPED],
    [['tcp flags ! syn drop'], PASSES],
    [['tcp flags != syn drop'], PASSES],
    [['tcp flags { syn | ack, syn } drop'], DROPPED],
    [['tcp flags syn / fin,syn,rst,ack drop'], DROPPED],
    [['tcp flags & (fin | syn | rst | ack) == syn drop'], DROPPED],
    [['tcp flags & (syn | ack) != syn drop'], PASSES],
    [['add @seen { ip saddr timeout 5s } drop'], DROPPED],
    [['ct helper set "ftp" drop'], DROPPED],
    [['tcp dport 80 jump {\n\t\tip saddr 10.0.0.0/8 drop\n\t}', 'accept'], PASSES],
    [['tcp dport 80 jump {\n\t\tip saddr 192.0.2.2 drop\n\t}', 'accept'], 'stopped inet own input {1} DROP'],
    [['tcp dport 81 jump {\n\t\tdrop\n\t}', 'accept'], PASSES],
    [['quota over 10 mbytes drop'], 'unknown: nft: quota over 10 mbytes drop'],
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

describe('a table of ARP', () => {
  const through = (policy: string, packet = outside(), ground = GROUND): string => {
    const text = `table arp own {\n\tchain one {\n\t\ttype filter hook input priority filter; policy ${policy};\n\t}\n}\n`;
    return told(tracePath(packet, { ...ground, natives: [{ table: 'arp own', text }] }));
  };
  const UNKNOWN = "unknown: nftables' own table arp own may keep neighbours from being found";

  test('that may drop makes unknown what needs neighbours', () => {
    expect(through('drop')).toBe(UNKNOWN);
    expect(through('drop', inside())).toBe(UNKNOWN);
    expect(through('accept')).toBe(PASSES);
  });

  test('does nothing to what is carried by a bridge, to IPv6, and to links without neighbours', () => {
    expect(through('drop', inside({ destination: '172.17.0.3' }))).toMatch(/^sent docker0/);
    const six = { family: 'ipv6', source: '2001:db8::2', destination: '2001:db8::1' } as const;
    expect(through('drop', outside(six))).toMatch(/^local/);
    const links = GROUND.links.map((one) => ({ ...one, asksNobody: true }));
    expect(through('drop', outside(), { ...GROUND, links })).toBe(PASSES);
  });
});
