import { describe, expect, test } from 'vitest';
import type { Packet } from '../../../src/trace/packet.ts';
import { makePacket } from '../../../src/trace/packet.ts';
import { traceAnswer, tracePath } from '../../../src/trace/trace.ts';
import { GROUND, inside, outside, route, saved, told, withRules, withSysctls } from './network.ts';

const nat = (...rules: readonly string[]) => withRules(saved('nat', rules));
const made = (fields: Partial<Packet> = {}): Packet =>
  makePacket({ family: 'ipv4', source: '192.0.2.1', destination: '203.0.113.5', ...fields });

describe('translations', () => {
  test.each([
    [
      '-A PREROUTING -j DNAT --to-destination 172.17.0.2:8080',
      outside(),
      'sent docker0 192.0.2.2 → 172.17.0.2:8080',
    ],
    [
      '-A PREROUTING -j DNAT --to-destination 172.17.0.2',
      outside(),
      'sent docker0 192.0.2.2 → 172.17.0.2:80',
    ],
    ['-A PREROUTING -j DNAT --to-destination :8080', outside(), 'local 192.0.2.1:8080'],
    ['-A PREROUTING -j REDIRECT --to-ports 8080', inside(), 'local 172.17.0.1:8080'],
    ['-A OUTPUT -j REDIRECT --to-ports 8080', made(), 'local 127.0.0.1:8080'],
    [
      '-A PREROUTING -j NETMAP --to 172.18.0.0/24',
      outside({ destination: '203.0.113.7' }),
      'sent br1 192.0.2.2 → 172.18.0.7:80',
    ],
    ['-A POSTROUTING -j SNAT --to-source 192.0.2.9', inside(), 'sent eth0 192.0.2.9 → 203.0.113.5:80'],
    ['-A POSTROUTING -o eth0 -j MASQUERADE', inside(), 'sent eth0 192.0.2.1 → 203.0.113.5:80'],
    ['-A POSTROUTING -j NETMAP --to 10.9.0.0/16', inside(), 'sent eth0 10.9.0.2 → 203.0.113.5:80'],
    ['-A OUTPUT -j DNAT --to-destination 172.18.0.2', made(), 'sent br1 192.0.2.1 → 172.18.0.2:80'],
    [
      '-A PREROUTING -j DNAT --to-destination 172.17.0.2',
      outside({ state: 'UNTRACKED' }),
      'local 192.0.2.1:80',
    ],
    [
      '-A PREROUTING -j DNAT --to-destination 172.17.0.2',
      outside({ state: 'ESTABLISHED' }),
      'local 192.0.2.1:80',
    ],
    [
      '-A PREROUTING -j DNAT --to-destination 172.17.0.2-172.17.0.3',
      outside(),
      'unknown: routing of an address that NAT chose',
    ],
  ])('%s', (rule, packet, expected) => {
    expect(told(tracePath(packet, nat(rule)))).toBe(expected);
  });

  test('IPv6: a target in brackets', () => {
    const packet = outside({ family: 'ipv6', source: '2001:db8::2', destination: '2001:db8::1' });
    const netState = nat('-A PREROUTING -p tcp -j DNAT --to-destination [fd00:17::2]:8080');
    expect(told(tracePath(packet, netState))).toBe('sent docker0 2001:db8::2 → fd00:17::2:8080');
  });

  test('a port of a range is not known, the way is', () => {
    const path = tracePath(
      outside(),
      nat('-A PREROUTING -p tcp -j DNAT --to-destination 172.17.0.2:8000-8100'),
    );
    expect(path.end).toMatchObject({ at: 'sent', outInterface: 'docker0' });
    expect(path.last.vague).toEqual(['destinationPort']);
  });

  test.each([
    ['MASQUERADE', undefined],
    ['MASQUERADE --random', ['sourcePort']],
    ['MASQUERADE --to-ports 40000-40001 --random', ['sourcePort']],
    ['MASQUERADE --to-ports 40000-40001', undefined],
    ['MASQUERADE --to-ports 1-2', ['sourcePort']],
    ['SNAT --to-source 192.0.2.9:7 --random', undefined],
  ])('%s: not known is %s', (target, expected) => {
    const path = tracePath(inside(), nat(`-A POSTROUTING -p tcp -j ${target}`));
    expect(path.last.vague).toEqual(expected);
  });

  test('what depends on such a port is not known', () => {
    const netState = withRules(
      saved('nat', ['-A PREROUTING -p tcp -j DNAT --to-destination 172.17.0.2:8000-8100']) +
        saved('filter', ['-A FORWARD -p tcp -m tcp --dport 8000 -j DROP']),
    );
    expect(told(tracePath(outside(), netState))).toBe('unknown: the destination port after NAT');
  });

  test('the rules of OUTPUT see the interface from before a DNAT', () => {
    const rules = saved('nat', ['-A OUTPUT -j DNAT --to-destination 172.18.0.2']);
    const netState = withRules(rules + saved('filter', ['-A OUTPUT -o br1 -j DROP']));
    expect(told(tracePath(made(), netState))).toBe('sent br1 192.0.2.1 → 172.18.0.2:80');
  });

  test('an answer has it undone', () => {
    const netState = withRules(
      saved('nat', ['-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080']) +
        saved('filter', [
          '-A FORWARD -i docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
          '-A FORWARD -i docker0 -j DROP',
        ]),
    );
    const back = traceAnswer(tracePath(outside(), netState), netState, 'docker0', 'v1');
    expect(back.end).toMatchObject({ at: 'sent', outInterface: 'eth0' });
    expect(back.last).toMatchObject({ source: '192.0.2.1', sourcePort: 80, destination: '192.0.2.2' });
  });
});

describe('marks and conntrack', () => {
  const drop = (mark: string): string => saved('filter', [`-A FORWARD -m mark --mark ${mark} -j DROP`]);

  test.each([
    ['--set-xmark 0x1/0xffffffff', '0x1'],
    ['--set-xmark 0x2/0x2', '0x12'],
    ['--set-xmark 0x0/0x10', '0x0'],
    ['--set-xmark 0x3/0x0', '0x13'],
    ['--and-mark 0x0', '0x0'],
    ['--or-mark 0x1', '0x11'],
    ['--xor-mark 0x11', '0x1'],
    ['--set-mark 0x5', '0x5'],
  ])('MARK %s', (option, expected) => {
    const netState = withRules(saved('mangle', [`-A FORWARD -j MARK ${option}`]) + drop(expected));
    expect(told(tracePath(inside({ mark: 0x10 }), netState))).toBe('stopped filter FORWARD DROP');
  });

  test('CONNMARK keeps a mark and gives it back', () => {
    const rules = [
      'MARK --set-xmark 0x7/0xffffffff',
      'CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    ];
    const more = ['MARK --set-xmark 0x0/0xffffffff', 'CONNMARK --restore-mark --nfmask 0x3 --ctmask 0x3'];
    const text = saved(
      'mangle',
      [...rules, ...more].map((target) => `-A PREROUTING -j ${target}`),
    );
    expect(told(tracePath(inside(), withRules(text + drop('0x3'))))).toBe('stopped filter FORWARD DROP');
  });

  test('raw sees no connection yet, and may do without one', () => {
    const raw = saved('raw', ['-A PREROUTING -m conntrack --ctstate INVALID -j CT --notrack']);
    const filter = saved('filter', ['-A INPUT -m conntrack --ctstate UNTRACKED -j DROP']);
    expect(told(tracePath(outside(), withRules(raw + filter)))).toBe('stopped filter INPUT DROP');
  });

  test('a mark set in mangle OUTPUT leads elsewhere', () => {
    const ground = {
      ...GROUND,
      routes: [...GROUND.routes, route('0.0.0.0/0', 'br1', '172.18.0.2', { table: '100' })],
      routeRules: [
        { family: 'ipv4', priority: 100, table: '100', fields: { src: 'all', fwmark: '0x1', table: '100' } },
        { family: 'ipv4', priority: 32766, table: 'main', fields: { src: 'all', table: 'main' } },
      ],
    } as const;
    const netState = withRules(
      saved('mangle', ['-A OUTPUT -j MARK --set-xmark 0x1/0xffffffff']),
      'nft',
      ground,
    );
    expect(tracePath(made(), netState).end).toEqual({
      at: 'sent',
      outInterface: 'br1',
      nextHop: '172.18.0.2',
    });
  });
});

test('what 127.0.0.1 sends to a container needs route_localnet', () => {
  const netState = nat('-A OUTPUT -d 127.0.0.1/32 -j DNAT --to-destination 172.17.0.2');
  const packet = made({ source: '127.0.0.1', destination: '127.0.0.1' });
  expect(told(tracePath(packet, netState))).toBe('lost martian');
  expect(told(tracePath(packet, withSysctls(netState, { 'ipv4/conf/docker0/route_localnet': '1' })))).toMatch(
    /^sent docker0/,
  );
});
