import { describe, expect, test } from 'vitest';
import { isPlainChainName, savedSpec } from '../../../../../src/firewall/iptables/text/spelling.ts';

const INPUT = { family: 'ipv4', table: 'filter', chain: 'INPUT' } as const;
const spell = (spec: string, place: Partial<Parameters<typeof savedSpec>[1]> = {}): string | undefined =>
  savedSpec(spec.split(' '), { ...INPUT, ...place });

describe('savedSpec', () => {
  test.each([
    ['-j ACCEPT', '-j ACCEPT'],
    ['-j DROP -i eth0', '-i eth0 -j DROP'],
    ['-p tcp --dport 22 -j ACCEPT', '-p tcp -m tcp --dport 22 -j ACCEPT'],
    ['-p udp --dport 53 --sport 53 -j DROP', '-p udp -m udp --sport 53 --dport 53 -j DROP'],
    [
      '-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ],
    ['-s 192.0.2.1 -j DROP', '-s 192.0.2.1/32 -j DROP'],
    ['--dst 10.0.0.0/8 --src 192.0.2.1/32 --jump RETURN', '-s 192.0.2.1/32 -d 10.0.0.0/8 -j RETURN'],
  ])('%s is saved as %s', (typed, saved) => {
    expect(spell(typed)).toBe(saved);
  });

  test.each([
    ['host bits', '-s 10.0.0.1/8 -j DROP'],
    ['all addresses', '-s 0.0.0.0/0 -j DROP'],
    ['a port before its protocol', '--dport 22 -p tcp -j DROP'],
    ['the name of a port', '-p tcp --dport ssh -j DROP'],
    ['a match of another protocol', '-p tcp -m udp --dport 53 -j DROP'],
    ['an option twice', '-i eth0 -i eth1 -j DROP'],
    ['a negation', '! -i eth0 -j DROP'],
    ['an interface that INPUT has not', '-o eth0 -j DROP'],
    ['a target with options of its own', '-j REJECT'],
    ['a rule without a target', '-i eth0'],
    ['a match without its option', '-m conntrack -j ACCEPT'],
    ['two words in one', '-j ACCEPT -i'],
  ])('does not know the spelling of %s', (_, typed) => {
    expect(spell(typed)).toBeUndefined();
  });

  test('lets nat mask what leaves, and drop nothing', () => {
    const nat = { table: 'nat', chain: 'POSTROUTING' };
    expect(spell('-o eth0 -j MASQUERADE', nat)).toBe('-o eth0 -j MASQUERADE');
    expect(spell('-o eth0 -j MASQUERADE')).toBeUndefined();
    expect(spell('-o eth0 -j DROP', nat)).toBeUndefined();
  });

  test('gives no IPv4 address to an IPv6 rule', () => {
    expect(spell('-s 192.0.2.1 -j DROP', { family: 'ipv6' })).toBeUndefined();
  });
});

test.each([
  ['MINE', true],
  ['a.b:c-d_1', true],
  ['abcdefghijklmnopqrstuvwxyz12', true],
  ['abcdefghijklmnopqrstuvwxyz123', false],
  ['ACCEPT', false],
  ['standard', false],
  ['PREROUTING', false],
  ['-x', false],
  ['a b', false],
])('isPlainChainName(%j) is %s', (name, plain) => {
  expect(isPlainChainName(name)).toBe(plain);
});
