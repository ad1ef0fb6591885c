import { describe, expect, test } from 'vitest';
import { tracePath } from '../../../src/trace/trace.ts';
import { GROUND, inside, outside, saved, told, withRules } from './network.ts';

const input = (...rules: readonly string[]): string =>
  told(tracePath(outside(), withRules(saved('filter', rules))));

describe('chains', () => {
  test.each([
    ['the first verdict stands', ['-A INPUT -j ACCEPT', '-A INPUT -j DROP'], 'local 192.0.2.1:80'],
    [
      'a chain is gone through and left again',
      ['-A INPUT -j A', '-A INPUT -j DROP', '-A A -p udp -j ACCEPT'],
      'stopped filter INPUT DROP',
    ],
    ['RETURN leaves it early', ['-A INPUT -j A', '-A A -j RETURN', '-A A -j DROP'], 'local 192.0.2.1:80'],
    [
      'ACCEPT in it ends the table',
      ['-A INPUT -j A', '-A INPUT -j DROP', '-A A -j ACCEPT'],
      'local 192.0.2.1:80',
    ],
    [
      'RETURN in a built-in chain is its policy',
      ['-A INPUT -j RETURN', '-A INPUT -j DROP'],
      'local 192.0.2.1:80',
    ],
    [
      'a goto does not come back',
      ['-A INPUT -j A', '-A INPUT -j REJECT', '-A A -g B', '-A A -j DROP', '-A B -p udp -j DROP'],
      'stopped filter INPUT REJECT',
    ],
    [
      'a goto from a built-in chain ends in its policy',
      ['-A INPUT -g A', '-A INPUT -j DROP', '-A A -p udp'],
      'local 192.0.2.1:80',
    ],
    [
      'a rule without a target only counts',
      ['-A INPUT -p tcp', '-A INPUT -j LOG', '-A INPUT -j DROP'],
      'stopped filter INPUT DROP',
    ],
    [
      'a chain called like a target is either',
      ['-A INPUT -j LOG', '-A LOG -j DROP'],
      'unknown: whether LOG is the chain or the target',
    ],
    ['a queue may do anything', ['-A INPUT -j NFQUEUE --queue-num 0'], 'unknown: target NFQUEUE'],
    [
      'chains that never end are not followed',
      ['-A INPUT -j A', '-A A -j A'],
      'unknown: chains that never end',
    ],
  ])('%s', (_, rules, expected) => {
    expect(input(...rules)).toBe(expected);
  });

  test('a policy stops what nothing decides', () => {
    const path = tracePath(outside(), withRules(saved('filter', [], { INPUT: 'DROP' })));
    expect(path.end).toEqual({
      at: 'stopped',
      hook: 'INPUT',
      variant: 'nft',
      table: 'filter',
      chain: 'INPUT',
      target: 'DROP',
    });
    expect(path.steps.at(-1)).toMatchObject({ chain: 'INPUT', what: 'policy DROP' });
  });

  test('steps carry the rules, with their counters', () => {
    const text = saved('filter', ['[7:420] -A INPUT -p tcp -j A', '[7:420] -A A -j DROP']).replace(
      ':[7',
      ':A',
    );
    const { steps } = tracePath(outside(), withRules(text));
    const rules = steps.flatMap(({ rule, what }) => (rule === undefined ? [] : [`${rule.counters} ${what}`]));
    expect(rules).toEqual(['7:420 jumps to A', '7:420 DROP']);
  });
});

describe('what is not known parts the way', () => {
  test.each([
    [
      'nothing depends on it',
      ['-A INPUT -m limit --limit 3/min -j LOG', '-A INPUT -j DROP'],
      'stopped filter INPUT DROP',
    ],
    [
      'both ways end alike',
      ['-A INPUT -m limit --limit 3/min -j DROP', '-A INPUT -j DROP'],
      'stopped filter INPUT DROP',
    ],
    ['both ways are let through', ['-A INPUT -m time -j A', '-A A -j ACCEPT'], 'local 192.0.2.1:80'],
    [
      'they end apart',
      ['-A INPUT -m limit --limit 3/min -j ACCEPT', '-A INPUT -j DROP'],
      'unknown: match limit',
    ],
    [
      'one is refused, one is dropped',
      ['-A INPUT -m time -j REJECT', '-A INPUT -j DROP'],
      'stopped filter INPUT DROP',
    ],
    ['it never comes to it', ['-A INPUT -j DROP', '-A INPUT -m time -j ACCEPT'], 'stopped filter INPUT DROP'],
  ])('%s', (_, rules, expected) => {
    expect(input(...rules)).toBe(expected);
  });

  test('the end names the rule', () => {
    const { end } = tracePath(
      outside(),
      withRules(saved('filter', ['-A INPUT -m limit --limit 1/sec -j DROP'])),
    );
    expect(end).toMatchObject({ at: 'unknown', table: 'filter', chain: 'INPUT' });
    expect(end).toHaveProperty('rule.text', '-A INPUT -m limit --limit 1/sec -j DROP');
  });

  test('more ways than are to be tried are not known', () => {
    const rules = Array.from({ length: 9 }, () => '-A INPUT -m time -j A');
    const path = tracePath(outside(), withRules(saved('filter', [...rules, '-A A -p udp -j ACCEPT'])));
    expect(told(path)).toBe('unknown: match time');
  });
});

describe('two variants', () => {
  const both = (nft: string, legacy: string): string =>
    told(tracePath(outside(), withRules(legacy, 'legacy', withRules(nft))));

  test('a drop of either is enough', () => {
    expect(both(saved('filter', ['-A INPUT -j ACCEPT']), saved('filter', ['-A INPUT -j DROP']))).toBe(
      'stopped filter INPUT DROP',
    );
  });

  test('the same translation by both is one', () => {
    const nat = saved('nat', ['-A PREROUTING -j DNAT --to-destination 172.17.0.2']);
    expect(both(nat, nat)).toBe('sent docker0 192.0.2.2 → 172.17.0.2:80');
  });

  test('two translations: which is first is not known', () => {
    const nat = (last: number): string =>
      saved('nat', [`-A PREROUTING -j DNAT --to-destination 172.17.0.${String(last)}`]);
    expect(both(nat(2), nat(3))).toBe('unknown: which of nft and legacy comes first in nat PREROUTING');
  });
});

describe("nftables' own tables", () => {
  const beside = (text: string, table = 'inet mine'): string =>
    told(tracePath(outside(), { ...GROUND, natives: [{ table, text }] }));

  test.each([
    [
      'chain c { type filter hook input priority 0; policy accept; counter }',
      'inet mine',
      'local 192.0.2.1:80',
    ],
    ['chain c { drop }', 'inet mine', 'local 192.0.2.1:80'],
    [
      'chain c { type filter hook input priority 0; tcp dport 80 drop }',
      'inet mine',
      "unknown: nftables' own table inet mine decides too",
    ],
    ['chain c { type filter hook input priority 0; tcp dport 80 drop }', 'ip6 mine', 'local 192.0.2.1:80'],
  ])('%s in %s', (text, table, expected) => {
    expect(beside(text, table)).toBe(expected);
  });

  test('what iptables stops stays stopped, unless they may translate it first', () => {
    const stops = withRules(saved('filter', ['-A INPUT -j DROP']));
    const natives = (verdict: string) => [
      { table: 'ip own', text: `chain c { type nat hook prerouting priority -110; ${verdict} }` },
    ];
    expect(told(tracePath(outside(), { ...stops, natives: natives('drop') }))).toBe(
      'stopped filter INPUT DROP',
    );
    expect(told(tracePath(outside(), { ...stops, natives: natives('dnat to 172.17.0.2') }))).toMatch(
      /^unknown/,
    );
  });

  test('unreadable ones leave unknown what passes', () => {
    expect(told(tracePath(inside(), { ...GROUND, natives: undefined }))).toMatch(/^unknown/);
  });
});
