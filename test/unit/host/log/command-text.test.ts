import { expect, test } from 'vitest';
import { commandText } from '../../../../src/host/log/command-text.ts';

test.each([
  [['iptables-nft-save', '-c'], 'ran iptables-nft-save -c (exit 0, 12 ms)'],
  [['sh', '-c', 'a; b'], "ran sh -c 'a; b' (exit 0, 12 ms)"],
  [['echo', '\u001b[2J'], String.raw`ran echo '\x1b[2J' (exit 0, 12 ms)`],
  [['sh', '-c', 'first\nsecond'], 'ran sh -c first… (exit 0, 12 ms)'],
  [['echo', 'x'.repeat(500)], `ran echo ${'x'.repeat(200)}… (exit 0, 12 ms)`],
])('%j reads in one line', (words, text) => {
  expect(commandText({ words, end: 'exit 0', milliseconds: 12 })).toBe(text);
});
