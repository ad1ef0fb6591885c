import { describe, expect, test } from 'vitest';
import { chainTargetOf, jumpGraph } from '../../../../../src/firewall/iptables/text/jumps.ts';
import type { Table } from '../../../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../../../src/firewall/iptables/text/parse.ts';
import { saveOf } from '../../../../support/text.ts';

function filterOf(rules: readonly string[]): Table {
  const table = parseSave(saveOf({ filter: rules })).ruleset.tables.get('filter');
  if (table === undefined) throw new Error('no filter table');
  return table;
}

describe('jumpGraph', () => {
  test.each<[rules: readonly string[], from: string, to: readonly string[]]>([
    [['-A INPUT -j A'], 'INPUT', ['A']],
    [['-A INPUT -g A'], 'INPUT', ['A']],
    [['-A INPUT -j A', '-A INPUT -i lo -j A', '-A INPUT -j B'], 'INPUT', ['A', 'B']],
    [['-A INPUT -j ACCEPT'], 'INPUT', []],
    [['-A INPUT -j LOG --log-prefix A', '-A A -j DROP'], 'INPUT', []],
    [['-A INPUT -m comment --comment "x -j A" -j DROP', '-A A -j DROP'], 'INPUT', []],
    [['-A INPUT -i lo'], 'INPUT', []],
    [['-A A -j RETURN'], 'A', []],
  ])('%j: %s leads to %j', (rules, from, to) => {
    expect([...(jumpGraph(filterOf(rules)).get(from) ?? ['no such chain'])]).toEqual(to);
  });

  test('knows every chain, also those nothing leads to', () => {
    expect([...jumpGraph(filterOf(['-A A -j RETURN'])).keys()]).toEqual(['INPUT', 'FORWARD', 'OUTPUT', 'A']);
  });
});

test('a jump to a chain that the table does not hold leads nowhere', () => {
  const table = filterOf(['-A A -j RETURN']);
  expect(chainTargetOf(table, '-A INPUT -j GONE')).toBeUndefined();
  expect(chainTargetOf(table, '-A INPUT -j A')).toBe('A');
});
