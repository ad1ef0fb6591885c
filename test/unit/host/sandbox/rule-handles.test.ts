import { expect, test } from 'vitest';
import { forCopy, namesHandle } from '../../../../src/host/sandbox/rule-handles.ts';

const table = (...handles: readonly number[]) => [
  {
    table: 'ip mine',
    text: `table ip mine { # handle 1\n\tchain c { # handle 2\n${handles
      .map((handle, at) => `\t\ttcp dport ${String(at)} accept # handle ${String(handle)}\n`)
      .join('')}\t}\n}\n`,
  },
];
const words = (line: string): readonly string[] => line.split(' ');

test.each([
  ['nft delete rule ip mine c handle 7', 'nft delete rule ip mine c handle 4'],
  ['nft delete rule mine c handle 5', 'nft delete rule mine c handle 3'],
  [
    '/usr/sbin/nft -a replace rule ip mine c handle 9 drop',
    '/usr/sbin/nft -a replace rule ip mine c handle 5 drop',
  ],
])('%s becomes %s where the rule has another handle', (line, other) => {
  expect(namesHandle(words(line))).toBe(true);
  expect(forCopy(words(line), table(5, 7, 9), table(3, 4, 5))).toEqual(words(other));
});

test.each([
  ['no such rule', 'nft delete rule ip mine c handle 6', table(3, 4, 5)],
  ['another table', 'nft delete rule ip other c handle 7', table(3, 4, 5)],
  ['a copy of other rules', 'nft delete rule ip mine c handle 7', table(3, 4)],
  ['a chain', 'nft delete chain ip mine handle 2', table(3, 4, 5)],
  ['two at once', 'nft delete rule ip mine c handle 5; delete rule ip mine c handle 7', table(3, 4, 5)],
  ['not nft itself', 'sh -c nft delete rule ip mine c handle 7', table(3, 4, 5)],
])('%s: not told', (_, line, copy) => {
  expect(forCopy(words(line), table(5, 7, 9), copy)).toBeUndefined();
});
