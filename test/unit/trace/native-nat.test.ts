import { describe, expect, test } from 'vitest';
import { tracePath } from '../../../src/trace/trace.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { inside, outside, saved, told, withRules } from './network.ts';

import { base, listed } from './listing.ts';

const PASSES = 'local 192.0.2.1:80';

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

  test('a chain that translates nothing is shown packets only where something has connections tracked', () => {
    const drops = pre('tcp dport 80 drop');
    expect(between([drops], outside())).toBe(PASSES);
    expect(between([drops], outside(), MASQUERADE)).toMatch(/^stopped /);
    expect(between([drops, post('oifname "wg9" masquerade')], outside())).toMatch(/^stopped /);
    const asks = listed(base('filter hook forward priority filter', 'accept', 'ct state invalid drop'));
    expect(between([drops, asks], outside())).toMatch(/^stopped /);
  });

  test('a translation of the destination is followed', () => {
    expect(between([pre('tcp dport 80 dnat ip to 172.17.0.3:8080')], outside())).toBe(
      'sent docker0 192.0.2.2 → 172.17.0.3:8080',
    );
    expect(between([pre('tcp dport 80 redirect to :81')], outside())).toBe('local 192.0.2.1:81');
    expect(between([pre('tcp dport 80 dnat ip6 to [fd00:17::3]:8080')], outside())).toBe(PASSES);
  });

  test('a translation that a map holds is followed', () => {
    const map = (name: string, ...elements: readonly string[]): string =>
      `map ${name} { # handle 7\n\ttype ipv4_addr : ipv4_addr\n\telements = { ${elements.join(',\n\t\t     ')} }\n}`;
    expect(between([pre('dnat ip to tcp dport map { 80 : 172.17.0.3, 81 : 172.17.0.4 }')], outside())).toBe(
      'sent docker0 192.0.2.2 → 172.17.0.3:80',
    );
    expect(between([pre('dnat ip to tcp dport map { 80 : 172.17.0.3 . 8080 }')], outside())).toBe(
      'sent docker0 192.0.2.2 → 172.17.0.3:8080',
    );
    expect(
      between([pre('dnat ip to ip saddr . tcp dport map { 192.0.2.2 . 80 : 172.17.0.3 }')], outside()),
    ).toBe('sent docker0 192.0.2.2 → 172.17.0.3:80');
    expect(between([pre('dnat ip to udp dport map { 80 : 172.17.0.3 }')], outside())).toBe(PASSES);
    expect(between([pre('dnat ip to tcp dport map { 81 : 172.17.0.3 }')], outside())).toBe(PASSES);
    expect(between([pre('redirect to :tcp dport map { 80 : 8080 }')], outside())).toBe(
      'local 192.0.2.1:8080',
    );
    const held = listed(
      map('face_of', '10.0.0.1 : 10.0.0.2', '172.17.0.2 : 192.0.2.9'),
      base('nat hook postrouting priority srcnat', 'accept', 'snat ip to ip saddr map @face_of'),
    );
    expect(between([held], inside())).toBe('sent eth0 192.0.2.9 → 203.0.113.5:80');
  });

  test('one marks, and the other masquerades what is marked, in whichever order', () => {
    const marks = post('ip saddr 172.17.0.0/16 meta mark set 0x1');
    const asks = saved('nat', ['-A POSTROUTING -m mark --mark 0x1 -j MASQUERADE']);
    expect(between([marks], inside(), asks)).toMatch(/^unknown: which of/);
  });
});
