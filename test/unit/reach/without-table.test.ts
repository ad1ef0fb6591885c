import { expect, test } from 'vitest';
import { mayConcernContainers } from '../../../src/reach/change/without-table.ts';
import { withChain, withPolicy, withRule } from '../../support/app/edit-rules.ts';
import { recordedTerrain, rulesOf } from '../../support/reach/terrain.ts';

const rules = rulesOf(recordedTerrain('engine-28.5-plain'));

test.each([
  ['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', 'filter', []],
  ['-A INPUT -s 203.0.113.9/32 -j DROP', 'filter', []],
  ['-A INPUT -p tcp -m tcp --dport 8080 -j DROP', 'filter', undefined],
  ['-A INPUT -s 127.0.0.1/32 -j DROP', 'filter', undefined],
  ['-A FORWARD -s 203.0.113.7/32 -j DROP', 'filter', undefined],
  ['-A DOCKER-USER -i eth0 -j DROP', 'filter', undefined],
  ['-A POSTROUTING -s 10.8.0.0/24 -j MASQUERADE', 'nat', undefined],
] as const)('without a table of ways: %s', (rule, table, lines) => {
  const after = withRule(rules, 'ipv4', table, rule, 'first');
  expect(mayConcernContainers(rules, after)).toEqual(lines ?? [`${table}: ${rule}`]);
});

test('a rule that goes concerns containers, but one of INPUT that closed', () => {
  const closing = withRule(rules, 'ipv4', 'filter', '-A INPUT -i eth0 -j DROP');
  expect(mayConcernContainers(closing, rules)).toEqual([]);
  const opening = withRule(rules, 'ipv4', 'filter', '-A INPUT -i lo -j ACCEPT');
  expect(mayConcernContainers(opening, rules)).toEqual(['filter: gone: -A INPUT -i lo -j ACCEPT']);
  const forOne = withRule(rules, 'ipv4', 'filter', '-A INPUT -s 203.0.113.9/32 -j ACCEPT');
  expect(mayConcernContainers(forOne, rules)).toEqual([]);
});

test('a chain that no packet gets to concerns nobody, until something leads to it', () => {
  const idle = withRule(withChain(rules, 'ipv4', 'filter', 'OTHER'), 'ipv4', 'filter', '-A OTHER -j DROP');
  expect(mayConcernContainers(rules, idle)).toEqual([]);
  const jump = '-A FORWARD -j OTHER';
  expect(mayConcernContainers(idle, withRule(idle, 'ipv4', 'filter', jump))).toEqual([`filter: ${jump}`]);
});

test('two rules that change places, and a policy', () => {
  const [a, b] = ['-A FORWARD -i a -j DROP', '-A FORWARD -i b -j ACCEPT'];
  const both = (first: string, second: string) =>
    withRule(withRule(rules, 'ipv4', 'filter', second, 'first'), 'ipv4', 'filter', first, 'first');
  expect(mayConcernContainers(both(a, b), both(b, a))).toEqual(['filter: the rules of FORWARD']);
  const now = rules.ipv4.tables.get('filter')?.chains.get('FORWARD')?.policy;
  const other = now === 'DROP' ? 'ACCEPT' : 'DROP';
  expect(mayConcernContainers(rules, withPolicy(rules, 'ipv4', other))).toEqual([
    `filter: -P FORWARD ${other}`,
  ]);
});
