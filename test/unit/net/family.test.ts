import { expect, test } from 'vitest';
import { FAMILIES, familyOf } from '../../../src/net/family.ts';

test('IPv4 comes first wherever both are listed', () => {
  expect(FAMILIES).toEqual(['ipv4', 'ipv6']);
});

test.each([
  ['192.0.2.1', 'ipv4'],
  ['0.0.0.0', 'ipv4'],
  ['10.0.0.0/8', 'ipv4'],
  ['2001:db8::1', 'ipv6'],
  ['::', 'ipv6'],
  ['fe80::1%eth0', 'ipv6'],
  ['::ffff:192.0.2.1', 'ipv6'],
  ['2001:db8::/32', 'ipv6'],
])('%s is of %s', (address, family) => {
  expect(familyOf(address)).toBe(family);
});
