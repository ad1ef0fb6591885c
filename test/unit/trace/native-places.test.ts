import { describe, expect, test } from 'vitest';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import { traceAnswer, traceNext, tracePath } from '../../../src/trace/trace.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { GROUND, inside, outside, route, saved, told, withRules, withSysctls } from './network.ts';

import { base, listed } from './listing.ts';

const FORWARD = 'filter hook forward priority filter';

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
    expect(behind([at('dstnat')], outside(), DNAT)).toBe(
      "unknown: which of iptables' table nat and inet own comes first in PREROUTING",
    );
    // 172.17.0.2 by its bits.
    const bits = listed(
      base('filter hook prerouting priority dstnat', 'accept', '@nh,128,32 0xac110002 drop'),
    );
    expect(behind([bits], outside(), DNAT)).toMatch(/^unknown: which of/);
  });

  test('beside rules of raw that take a connection away nobody tells who asks for it first', () => {
    const raw = (rule: string): string => listed(base('filter hook prerouting priority raw', 'accept', rule));
    expect(behind([raw('tcp dport 80 drop')], outside(), DNAT)).toBe('stopped inet own prerouting DROP');
    // In front of conntrack every packet is invalid.
    expect(behind([raw('ct state new drop')], outside(), DNAT)).toMatch(/^sent docker0/);
    expect(behind([raw('ct state invalid drop')], outside(), DNAT)).toBe('stopped inet own prerouting DROP');
    const notrack = saved('raw', ['-A PREROUTING -j CT --notrack']);
    expect(behind([raw('ct state untracked drop')], outside(), notrack)).toMatch(/^unknown: which of/);
  });

  test('notrack takes the connection away, and with it every translation', () => {
    const raw = listed(base('filter hook prerouting priority raw - 1', 'accept', 'tcp dport 80 notrack'));
    expect(behind([raw], outside(), DNAT)).toBe('local 192.0.2.1:80');
    const late = listed(base('filter hook prerouting priority mangle', 'accept', 'tcp dport 80 notrack'));
    expect(behind([late], outside(), DNAT)).toMatch(/^sent docker0/);
  });

  test('of two chains of one table at one priority the one made last is first', () => {
    const at = (name: string, handle: number, rule: string): string =>
      `chain ${name} { # handle ${String(handle)}\n\ttype filter hook prerouting priority -200; policy accept;\n\t${rule} # handle 9\n}`;
    const pair = (first: number, second: number): string =>
      behind(
        [listed(at('marks', first, 'meta mark set 0x1'), at('asks', second, 'meta mark 0x1 drop'))],
        outside(),
        DNAT,
      );
    expect(pair(2, 1)).toBe('stopped inet own asks DROP');
    expect(pair(1, 2)).toMatch(/^sent docker0/);
  });

  test('a table that sleeps sees nothing', () => {
    const awake = listed(base('filter hook forward priority filter', 'drop'));
    expect(behind([awake], outside(), DNAT)).toBe('stopped inet own forward DROP');
    const asleep = awake.replace('{ # handle 1\n', '{ # handle 1\n\tflags dormant\n\n');
    expect(behind([asleep], outside(), DNAT)).toMatch(/^sent docker0/);
  });

  test('what comes in by an interface is seen there before all else', () => {
    const guard = (devices: string, rule: string, family = 'netdev'): string =>
      listed(base('filter hook ingress device "x" priority -500', 'accept', rule))
        .replace('device "x"', devices)
        .replace('inet own', `${family} own`);
    const dropped = 'stopped netdev own ingress DROP';
    const told = (text: string, packet: Packet): string => behind([text], packet, DNAT);
    expect(told(guard('device "eth0"', 'ip saddr 192.0.2.2 drop'), outside())).toBe(dropped);
    expect(told(guard('devices = { "eth1", "eth*" }', 'tcp dport 80 drop'), outside())).toBe(dropped);
    expect(told(guard('device "eth1"', 'drop'), outside())).toMatch(/^sent docker0/);
    // A bridge's port first, then the bridge.
    expect(told(guard('device "v1"', 'iifname "v1" drop'), inside())).toBe(dropped);
    // With br_netfilter PREROUTING is in front of the bridge's own.
    expect(told(guard('device "docker0"', 'iifname "docker0" drop'), inside())).toMatch(/^unknown: what/);
    expect(told(guard('device "docker0"', 'drop'), inside({ destination: '172.17.0.3' }))).toMatch(
      /^sent docker0/,
    );
    // What DNAT takes off its bridge comes to the bridge's own behind it.
    const toHost = saved('nat', ['-A PREROUTING -j DNAT --to-destination 192.0.2.1']);
    expect(behind([guard('device "docker0"', 'drop')], inside({ destination: '172.17.0.3' }), toHost)).toBe(
      'unknown: what the ingress of docker0 sees behind br_netfilter',
    );
    expect(told(guard('device "v1"', 'meta mark set 0x1'), inside())).toMatch(/^sent eth0/);
    expect(told(guard('device "eth0"', 'meta nfproto ipv4 drop'), outside())).toMatch(/^unknown/);
    expect(told(guard('device "eth0"', 'meta nfproto ipv4 drop', 'inet'), outside())).toBe(
      'stopped inet own ingress DROP',
    );
  });

  test('a chain of bridges concerns only what bridges carry, one of a device only what leaves by it', () => {
    const bridge = listed(base(FORWARD, 'drop')).replace('inet own', 'bridge own');
    expect(behind([bridge], outside(), saved('filter', []))).toBe('local 192.0.2.1:80');
    expect(behind([bridge], inside({ destination: '172.17.0.3' }), saved('filter', []))).toMatch(/^unknown/);
    // From port to port alone: what is routed comes by its other hooks.
    expect(behind([bridge], inside(), saved('filter', []))).toMatch(/^sent eth0/);
    const entering = bridge.replace('hook forward', 'hook input');
    expect(behind([entering], inside(), saved('filter', []))).toMatch(/^unknown/);
    const leaving = (device: string): string =>
      behind(
        [
          listed(base(`filter hook egress device "${device}" priority 0`, 'accept', 'drop')).replace(
            'inet own',
            'netdev own',
          ),
        ],
        outside({ inInterface: '', source: '192.0.2.1', destination: '203.0.113.5' }),
        saved('filter', []),
      );
    expect(leaving('eth1')).toMatch(/^sent eth0/);
    expect(leaving('eth0')).toMatch(/^unknown/);
  });

  test('a chain of type route has what is made here routed again for its mark, one of type filter has not', () => {
    const marks = (type: string): string =>
      listed(base(`${type} hook output priority mangle`, 'accept', 'meta mark set 0x2'));
    const netState = (text: string): NetworkState => ({
      ...GROUND,
      natives: [{ table: 'inet own', text }],
      routes: [...GROUND.routes, route('0.0.0.0/0', 'br1', '', { table: '100' })],
      routeRules: [
        { family: 'ipv4', priority: 0, table: 'local', fields: { src: 'all' } },
        { family: 'ipv4', priority: 5, table: '100', fields: { src: 'all', fwmark: '0x2' } },
        { family: 'ipv4', priority: 32_766, table: 'main', fields: { src: 'all' } },
      ],
    });
    const packet = outside({ inInterface: '', source: '192.0.2.1', destination: '203.0.113.5' });
    expect(told(tracePath(packet, netState(marks('route'))))).toMatch(/^sent br1/);
    expect(told(tracePath(packet, netState(marks('filter'))))).toMatch(/^sent eth0/);
  });

  test('POSTROUTING knows where a packet came in, from 5.7 on', () => {
    const text = listed(base('filter hook postrouting priority filter', 'accept', 'iifname "docker0" drop'));
    const from = (settings: Readonly<Record<string, string>>): string =>
      told(tracePath(inside(), withSysctls({ ...GROUND, natives: [{ table: 'inet own', text }] }, settings)));
    expect(from({})).toMatch(/^unknown: the interface it came in by/);
    expect(from({ 'ipv4/ip_autobind_reuse': '0' })).toBe('stopped inet own postrouting DROP');
  });

  test('packets of a flow that was handed over meet no rule any more', () => {
    const text = listed(
      base(FORWARD, 'accept', 'ct state established flow add @f', 'ct state established drop'),
    );
    const netState = { ...withRules(DNAT), natives: [{ table: 'inet own', text }] };
    const path = tracePath(outside(), netState);
    expect(told(path)).toMatch(/^sent docker0/);
    expect(told(traceAnswer(path, netState, 'docker0', 'v1'))).toBe('stopped inet own forward DROP');
    expect(told(traceNext(path, netState))).toMatch(/^unknown: .* handed its flow over/);
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
    const prefix = 'snat ip prefix to ip saddr map { 192.0.2.0/24 : 10.0.0.0/24 }';
    expect(behind([nat(`oifname "docker0" ${prefix}`)], outside(), DNAT)).toMatch(/^unknown/);
    expect(behind([nat(`oifname "eth0" ${prefix}`)], outside(), DNAT)).toMatch(/^sent docker0/);
    expect(behind([nat('snat ip to ip saddr map @gone')], outside(), DNAT)).toMatch(/^unknown/);
    expect(behind([nat('ct status dnat masquerade')], outside(), DNAT)).toMatch(
      /^sent docker0 172\.17\.0\.1 →/,
    );
  });
});
