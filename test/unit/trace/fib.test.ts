import { describe, expect, test } from 'vitest';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { GROUND, outside, route, saved, told, withRules } from './network.ts';

const CLIENT = '2001:db8::2';
const HOST = '2001:db8::1';
const CONTAINER = 'fd00:17::2';

describe("what nftables' fib says of IPv6", () => {
  const told6 = (rule: string, fields: Partial<Packet> = {}, ground: NetworkState = GROUND): string =>
    told(
      tracePath(
        outside({ family: 'ipv6', source: CLIENT, destination: HOST, ...fields }),
        {
          ...ground,
          natives: [
            {
              table: 'ip6 own',
              text: `table ip6 own { # handle 1\n\tchain pre { # handle 2\n\t\ttype filter hook prerouting priority raw; policy accept;\n\t\t${rule} # handle 9\n\t}\n}\n`,
            },
          ],
        },
        { neighbours: 'known' },
      ),
    );
  const dropped = 'stopped ip6 own pre DROP';

  test('an own address is local, another is not', () => {
    expect(told6('fib daddr type local drop')).toBe(dropped);
    expect(told6('fib daddr type local drop', { destination: CONTAINER })).not.toContain('own');
    expect(told6('fib saddr type unicast drop')).toBe(dropped);
    expect(told6('fib daddr . iif type local drop')).toBe(dropped);
    expect(told6('fib daddr type != local drop', { destination: CONTAINER })).toBe(dropped);
    const offline = { ...GROUND, routes: GROUND.routes.filter(({ to }) => to !== '::/0') };
    expect(told6('fib saddr type unicast drop', { source: '2001:db8:9::9' }, offline)).not.toContain('own');
  });

  test('the way back is missing where no route by that interface holds the source', () => {
    const rule = 'fib saddr . mark . iif oif missing drop';
    expect(told6(rule)).not.toContain('own');
    const offline = { ...GROUND, routes: GROUND.routes.filter(({ to }) => to !== '::/0') };
    expect(told6(rule, { source: '2001:db8:9::9' }, offline)).toBe(dropped);
    // Another interface is better: whether this one counts all the same depends on the kernel.
    const better = { ...GROUND, routes: [...GROUND.routes, route('2001:db8:9::/64', 'br1')] };
    expect(told6(rule, { source: '2001:db8:9::9' }, better)).toMatch(/^unknown/);
  });

  test('an address of a link is sought on that link alone, however many others there are', () => {
    const rule = 'fib saddr . mark . iif oif missing drop';
    const links = [...GROUND.routes, route('fe80::/64', 'eth0'), route('fe80::/64', 'docker0')];
    const fields = { source: 'fe80::2' };
    expect(told6(rule, fields, { ...GROUND, routes: links })).not.toContain('own');
    expect(told6('fib saddr oif missing drop', fields, { ...GROUND, routes: links })).not.toContain('own');
    expect(told6('fib saddr type unicast drop', fields, { ...GROUND, routes: links })).toBe(dropped);
    const elsewhere = links.filter(({ dev }) => dev !== 'eth0');
    expect(told6(rule, fields, { ...GROUND, routes: elsewhere })).toBe(dropped);
    expect(
      told6('fib saddr . iif type unicast drop', fields, { ...GROUND, routes: elsewhere }),
    ).not.toContain('own');
  });
});

test.each<[string, Partial<Packet>, string]>([
  ['', {}, 'sent'],
  ['', { source: '172.17.0.9' }, 'stopped'],
  ['--loose ', { source: '172.17.0.9' }, 'sent'],
  ['', { family: 'ipv6', source: 'fe80::2', destination: HOST }, 'local'],
  ['--accept-local ', { source: '172.17.0.9' }, 'unknown'],
])('iptables asks for the way back with -m rpfilter %s, of a packet with %j', (options, fields, at) => {
  const netState = withRules(saved('raw', [`-A PREROUTING -m rpfilter ${options}--invert -j DROP`]));
  expect(tracePath(outside({ destination: '172.17.0.2', ...fields }), netState).end.at).toBe(at);
});

test.each<[string, Record<string, string>, string]>([
  ['a protocol, which is not read', { ipproto: 'tcp' }, 'sent'],
  ['all but a protocol', { ipproto: 'tcp', not: '' }, 'stopped'],
  ['a port, which is not read', { sport: '80' }, 'sent'],
  ['whatever came from nowhere', { iif: 'lo' }, 'stopped'],
  ['the interface it leaves by', { iif: 'docker0' }, 'sent'],
])('-m rpfilter asks for the way back by a routing rule for %s', (_, fields, at) => {
  const ground: NetworkState = {
    ...GROUND,
    routes: [...GROUND.routes, { ...route('0.0.0.0/0', 'br1'), table: '7' }],
    routeRules: [
      { family: 'ipv4', priority: 1, table: 'main', fields: { src: 'all', dst: '172.16.0.0', dstlen: '12' } },
      { family: 'ipv4', priority: 5, table: '7', fields: { src: 'all', ...fields } },
      { family: 'ipv4', priority: 9, table: 'main', fields: { src: 'all' } },
    ],
  };
  const netState = withRules(saved('raw', ['-A PREROUTING -m rpfilter --invert -j DROP']), 'nft', ground);
  expect(tracePath(outside({ destination: '172.17.0.2' }), netState).end.at).toBe(at);
});
