import { expect, test } from 'vitest';
import { firstDifference, withEmptied } from '../../../../../src/firewall/iptables/plan/rollback.ts';
import { EMPTY_RULESET } from '../../../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../../../src/firewall/iptables/text/parse.ts';
import { printRuleset } from '../../../../../src/firewall/iptables/text/print.ts';

const read = (text: string) => parseSave(text, 'test').ruleset;
const host = (text: string) => ({ ipv4: read(text), ipv6: EMPTY_RULESET });

test('a table that was not recorded lets everything through, and its own chains are gone', () => {
  const wanted = read('*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n');
  const now = read('*filter\n:INPUT DROP [1:2]\n:mine - [0:0]\n-A INPUT -j mine\nCOMMIT\n');
  expect(printRuleset(withEmptied(wanted, now))).toBe(
    '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n',
  );
});

test('order and policy are a difference; an idle table and the order of chains are none', () => {
  const one = '*filter\n:INPUT ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A INPUT -j b\nCOMMIT\n';
  const idle = '*raw\n:OUTPUT ACCEPT [5:5]\nCOMMIT\n';
  expect(
    firstDifference(host(one), host(one.replace(':a - [0:0]\n:b', ':b - [0:0]\n:a') + idle)),
  ).toBeUndefined();
  const turned = one.replace('-A INPUT -j a\n-A INPUT -j b', '-A INPUT -j b\n-A INPUT -j a');
  expect(firstDifference(host(one), host(turned))).toBe('ipv4 table filter, chain INPUT');
  expect(firstDifference(host(one), host(one.replace('INPUT ACCEPT', 'INPUT DROP')))).toContain('INPUT');
  expect(firstDifference(host(one), host(''))).toBeDefined();
});
