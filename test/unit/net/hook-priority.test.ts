import { expect, test } from 'vitest';
import { parseNativeTable } from '../../../src/firewall/nftables/text/parse.ts';
import { HOOK_PRIORITY, NFT_SECURITY_PRIORITY } from '../../../src/net/hook-priority.ts';

test('a packet meets raw, conntrack, mangle, DNAT, filter, security and SNAT in this order', () => {
  expect(Object.entries(HOOK_PRIORITY).sort((one, other) => one[1] - other[1])).toEqual(
    Object.entries(HOOK_PRIORITY),
  );
  expect(Object.keys(HOOK_PRIORITY)).toEqual([
    ...['raw', 'conntrack', 'mangle', 'dstnat', 'filter', 'security', 'srcnat'],
  ]);
  // In INPUT, iptables-nft's `security` is behind `nat`.
  expect(NFT_SECURITY_PRIORITY).toBeGreaterThan(HOOK_PRIORITY.srcnat);
});

/** The priority that nftables' listing of a chain comes to. */
const listed = (priority: string): number | undefined =>
  parseNativeTable(
    `table ip x {\n\tchain c {\n\t\ttype filter hook forward priority ${priority}; policy accept;\n\t}\n}\n`,
  )?.chains.get('c')?.base?.priority;

test.each([
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
  ['filter + 10', 10],
  ['filter - 1', -1],
  ['-42', -42],
  // It has no name there.
  ['conntrack', undefined],
])('nftables’ priority %s is %s', (text, number) => {
  expect(listed(text)).toBe(number);
});
