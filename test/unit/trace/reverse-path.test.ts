import { describe, expect, test } from 'vitest';
import type { NetworkState, RouteRule } from '../../../src/trace/network-state.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { GROUND, outside, route, told, withSysctls } from './network.ts';

/** A rule of policy routing that leads to another bridge; what is asked for is not led by it, only the way back. */
function rule(fields: Readonly<Record<string, string>>): NetworkState {
  const routeRules: readonly RouteRule[] = [
    { family: 'ipv4', priority: 0, table: 'local', fields: { src: 'all' } },
    { family: 'ipv4', priority: 1, table: 'main', fields: { src: 'all', dst: '172.16.0.0', dstlen: '12' } },
    { family: 'ipv4', priority: 5, table: '7', fields },
    { family: 'ipv4', priority: 9, table: 'main', fields: { src: 'all' } },
  ];
  const routes = [...GROUND.routes, { ...route('0.0.0.0/0', 'br1'), table: '7' }];
  return { ...GROUND, routes, routeRules };
}

describe('rp_filter asks for the way back with routing rules, as of a packet from where this one is to go', () => {
  const strict = (state: NetworkState, sysctls: Readonly<Record<string, string>> = {}) =>
    withSysctls(state, { 'ipv4/conf/eth0/rp_filter': '1', ...sysctls });
  const forwarded = (fields: object = {}) =>
    outside({ source: '203.0.113.5', destination: '172.17.0.2', ...fields });
  const lost = 'lost rp-filter';
  const sent = expect.stringMatching(/^sent docker0/) as unknown;
  const here = 'local 192.0.2.1:80';

  test.each<[string, NetworkState, object, unknown]>([
    ['the interface it leaves by', strict(rule({ src: 'all', iif: 'docker0' })), {}, lost],
    ['another interface', strict(rule({ src: 'all', iif: 'br1' })), {}, sent],
    ['the interface it came in by', strict(rule({ src: 'all', iif: 'eth0' })), {}, sent],
    ['lo, of a packet that is forwarded', strict(rule({ src: 'all', iif: 'lo' })), {}, sent],
    [
      'lo, of a packet for this machine',
      strict(rule({ src: 'all', iif: 'lo' })),
      { destination: '192.0.2.1' },
      lost,
    ],
    ['all but the interface it leaves by', strict(rule({ not: '', src: 'all', iif: 'docker0' })), {}, sent],
    ['an interface to leave by', strict(rule({ src: 'all', oif: 'eth0' })), {}, sent],
    ['a mark', strict(rule({ src: 'all', fwmark: '0x5' })), { mark: 5 }, sent],
    [
      'a mark, which counts',
      strict(rule({ src: 'all', fwmark: '0x5' }), { 'ipv4/conf/all/src_valid_mark': '1' }),
      { mark: 5 },
      lost,
    ],
    [
      'a mark that is not known',
      strict(rule({ src: 'all', fwmark: '0x5', iif: 'docker0' }), { 'ipv4/conf/all/src_valid_mark': '1' }),
      { mark: 5, vague: ['mark'] },
      'unknown: a routing rule with fwmark',
    ],
    ['the port asked, as the source', strict(rule({ src: 'all', sport: '80' })), {}, lost],
    ['the port asked, as the destination', strict(rule({ src: 'all', dport: '80' })), {}, sent],
    ['a protocol', strict(rule({ src: 'all', ipproto: 'tcp' })), {}, lost],
    [
      'a protocol over lo alone, for which it is not read',
      strict(rule({ src: 'all', iif: 'lo', ipproto: 'tcp' })),
      { destination: '192.0.2.1' },
      here,
    ],
    ['a user', strict(rule({ src: 'all', uid_start: '1', uid_end: '9' })), {}, sent],
    ['root', strict(rule({ src: 'all', uid_start: '0', uid_end: '9' })), {}, lost],
    ['a type of service', strict(rule({ src: 'all', tos: '0x10' })), {}, 'unknown: a routing rule with tos'],
  ])('a rule for %s', (_, state, fields, expected) => {
    expect(told(tracePath(forwarded(fields), state))).toEqual(expected);
  });

  test("one's own address, let in, is refused where another interface has it", () => {
    const open = { 'ipv4/conf/all/accept_local': '1' };
    expect(told(tracePath(forwarded({ source: '192.0.2.1' }), strict(GROUND, open)))).toEqual(sent);
    expect(told(tracePath(forwarded({ source: '172.18.0.1' }), strict(GROUND, open)))).toBe(lost);
  });
});
