import { expect, test } from 'vitest';
import { alikeKey, deletesAsWritten, mayHideMatch } from '../../../../../src/firewall/iptables/text/alike.ts';

const of = (length: number) => `-A FORWARD -s fd00:6::/${String(length)} -j ACCEPT`;

test.each([
  ['an earlier rule of another length is taken', [of(64), of(48)], [of(48)], false],
  ['a later one is not', [of(48), of(64)], [of(48)], true],
  ['both go, whichever is first', [of(64), of(48)], [of(48), of(64)], true],
  [
    'an earlier one without an address',
    ['-A FORWARD -j ACCEPT', '-A FORWARD -s ::/1 -j ACCEPT'],
    ['-A FORWARD -s ::/1 -j ACCEPT'],
    false,
  ],
  [
    'IPv4 is compared whole',
    ['-A FORWARD -s 10.0.0.0/8 -j ACCEPT', '-A FORWARD -s 10.0.0.0/16 -j ACCEPT'],
    ['-A FORWARD -s 10.0.0.0/16 -j ACCEPT'],
    true,
  ],
  ['copies', [of(64), of(64)], [of(64)], true],
])('%s', (_, rules, deleted, clear) => {
  expect(deletesAsWritten(rules, deleted)).toBe(clear);
});

test('a translation holds a colon and is compared whole', () => {
  const text = '-A DOCKER ! -i br0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2:80';
  expect(alikeKey(text)).toBe(text);
});

test.each([
  ['-A FORWARD -p tcp -m tcp -j ACCEPT', true],
  ['-A FORWARD -p tcp -m tcp', true],
  ['-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT', false],
  ['-A FORWARD -p tcp -j ACCEPT', false],
])('%s may hide a match: %s', (text, hides) => {
  expect(mayHideMatch(text)).toBe(hides);
});
