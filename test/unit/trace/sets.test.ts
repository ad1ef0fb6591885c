import { describe, expect, test } from 'vitest';
import { parseSets } from '../../../src/trace/match/set-contents.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { GROUND, matches, outside, saved, told, withRules, withSets } from './network.ts';

const SETS = `create ips hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x6dc39e9c
add ips 192.0.2.2
create timed hash:ip family inet hashsize 1024 maxelem 65536 timeout 600 counters comment bucketsize 12 initval 0x1
add timed 192.0.2.2 timeout 598 packets 0 bytes 0 comment "not nomatch"
create nets hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x2
add nets 192.0.2.0/24
add nets 192.0.2.2 nomatch
create ipports hash:ip,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x3
add ipports 192.0.2.1,tcp:80
add ipports 192.0.2.1,icmp:echo-request
create netports hash:net,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x4
add netports 192.0.2.0/24,tcp:80
add netports 192.0.2.1,tcp:81
create netifs hash:net,iface family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x5
add netifs 192.0.2.0/24,eth0
create six hash:ip family inet6 hashsize 1024 maxelem 65536 bucketsize 12 initval 0x6
add six 2001:db8::2
create masked hash:ip family inet hashsize 1024 maxelem 65536 netmask 24 bucketsize 12 initval 0x7
add masked 192.0.2.0
create ports bitmap:port range 0-1024
add ports 80
create macs hash:mac hashsize 1024 maxelem 65536 bucketsize 12 initval 0x8
create any list:set size 8
add any six
add any ips
`;
const ground = withSets(GROUND, SETS);

test('a saved set is read with its members, and with what changes their meaning', () => {
  const sets = parseSets(SETS);
  expect(sets.get('ips')).toEqual({ name: 'ips', type: 'hash:ip', family: 'ipv4', members: ['192.0.2.2'] });
  expect(sets.get('timed')?.type).toBe('hash:ip');
  expect(sets.get('masked')?.type).toBe('hash:ip netmask 24');
  expect(sets.get('six')?.family).toBe('ipv6');
});

describe('membership', () => {
  test.each([
    ['ips src', {}, true],
    ['ips dst', {}, false],
    ['timed src', {}, true],
    ['nets src', {}, false],
    ['nets src', { source: '192.0.2.3' }, true],
    ['ipports dst,dst', {}, true],
    ['ipports dst,src', {}, false],
    ['ipports dst,dst', { protocol: 'udp' }, false],
    ['ipports dst', {}, false],
    ['ipports dst,dst', { protocol: 'icmp' }, true],
    ['ipports dst,dst', { protocol: 'icmp', icmp: { type: 0, code: 0 } }, false],
    ['netports dst,dst', {}, true],
    ['netports dst,dst', { destinationPort: 81 }, true],
    ['netports dst,dst', { destinationPort: 82 }, false],
    ['netifs src,src', {}, true],
    ['netifs src,dst', {}, false],
    ['six src', {}, false],
    ['six src', { family: 'ipv6' }, true],
    ['ports dst', {}, true],
    ['ports src', {}, false],
    ['ports dst', { protocol: 'icmp' }, false],
    ['any src', {}, true],
    ['any dst', {}, false],
    ['masked src', {}, 'sets of type hash:ip netmask 24'],
    ['macs src', {}, 'sets of type hash:mac'],
    ['gone src', {}, 'set gone'],
  ] as const)('%s of %o: %s', (what, fields, expected) => {
    expect(matches(`-m set --match-set ${what}`, fields, ground)).toBe(expected);
  });

  test('a `!` turns it round', () => {
    expect(matches('-m set ! --match-set ips src', {}, ground)).toBe(false);
    expect(matches('-m set ! --match-set gone src', {}, ground)).toBe('set gone');
  });

  test('sets that could not be read hold who knows what', () => {
    expect(matches('-m set --match-set ips src', {}, { ...GROUND, sets: undefined })).toBe('set ips');
  });
});

test('a set that a rule changes is not known behind it', () => {
  const rules = ['-A INPUT -j SET --add-set ips src', '-A INPUT -m set --match-set any src -j DROP'];
  expect(told(tracePath(outside(), withRules(saved('filter', rules), 'nft', ground)))).toMatch(
    /^unknown: set any, which a rule before it changes/,
  );
});
