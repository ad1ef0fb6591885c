import { expect, test } from 'vitest';
import { EMPTY_RULESET, makeRule, rulespecOf } from '../../../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../../../src/firewall/iptables/text/parse.ts';
import { printItems, printRuleset } from '../../../../../src/firewall/iptables/text/print.ts';

const SAVE =
  '# Generated\n*filter\n:INPUT DROP [3:4]\n:A - \n[1:2] -A INPUT  -j A\n-A A -j RETURN\nCOMMIT\n*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n# Completed\n';

test('a ruleset prints as save does, without header and counters, in save spacing', () => {
  expect(printRuleset(parseSave(SAVE).ruleset)).toBe(
    '*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n-A INPUT -j A\n-A A -j RETURN\nCOMMIT\n*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
  );
});

test('with counters, and zeroes where the save held none', () => {
  const text = printRuleset(parseSave(SAVE).ruleset, 'counters');
  expect(text).toContain(':INPUT DROP [3:4]\n:A - [0:0]\n[1:2] -A INPUT -j A\n[0:0] -A A -j RETURN\n');
});

test('no tables print as no bytes', () => {
  expect(printRuleset(EMPTY_RULESET)).toBe('');
});

test.each<[items: readonly string[], finalNewline: boolean, text: string]>([
  [[], true, ''],
  [[], false, ''],
  [['a'], false, 'a'],
  [['a', ''], true, 'a\n\n'],
])('items %j, final newline %s', (raws, finalNewline, text) => {
  expect(
    printItems(
      raws.map((raw) => ({ kind: 'comment', raw })),
      finalNewline,
    ),
  ).toBe(text);
});

test.each<[text: string, chain: string, rulespec: string]>([
  ['-A FORWARD -j DOCKER-USER', 'FORWARD', '-j DOCKER-USER'],
  ['-A FORWARD', 'FORWARD', ''],
])('makeRule(%j) knows its chain', (text, chain, rulespec) => {
  const rule = makeRule(text);
  expect(rule).toEqual({ chain, text, counters: '', raw: text, line: 0 });
  expect(rulespecOf(rule)).toBe(rulespec);
});

test('makeRule keeps counters apart from the text that rules are compared by', () => {
  expect(makeRule('-A A -j RETURN', '5:6')).toMatchObject({
    text: '-A A -j RETURN',
    raw: '[5:6] -A A -j RETURN',
  });
});
