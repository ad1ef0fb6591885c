import { expect, test } from 'vitest';
import { tellingApart } from '../../../../src/doctor/peers/alike.ts';
import { healthyFacts, onNetState } from '../../../support/doctor/host-facts.ts';

const beside = (fields: Readonly<Record<string, string>>) =>
  tellingApart(
    onNetState(({ routeRules }) => ({
      routeRules: [{ family: 'ipv4', priority: 100, table: '100', fields }, ...routeRules],
    }))(healthyFacts()),
  );

test.each([
  [{ src: '203.0.113.7' }, '203.0.113.7', '203.0.113.8'],
  [{ src: '203.0.113.0', srclen: '28' }, '203.0.113.7', '203.0.113.70'],
  [{ src: 'all', dst: '203.0.113.7', ipproto: 'tcp', dport: '25' }, '203.0.113.7', '203.0.113.8'],
  [{ src: 'all', tos: '0x10' }, '203.0.113.7', '203.0.113.8'],
])('whom a routing rule tells apart fares as nobody else: %j', (fields, one, other) => {
  const { addressKey } = beside(fields);
  expect(addressKey(one)).not.toBe(addressKey(other));
});

test('whom no routing rule tells apart fare alike, though one is for a port', () => {
  const { addressKey } = beside({ src: 'all', ipproto: 'tcp', dport: '25' });
  expect(addressKey('203.0.113.7')).toBe(addressKey('203.0.113.8'));
});

test.each([
  ['ip saddr > 203.0.113.7', '203.0.113.8', '203.0.113.6'],
  ['ip saddr 203.0.113.7-203.0.113.9', '203.0.113.8', '203.0.113.6'],
  ['ip6 saddr 2001:db8::7-2001:db8::9', '2001:db8::8', '2001:db8::6'],
  ['ip6 daddr { 2001:db8::7-2001:db8::9, 2001:db8:1::/48 }', '2001:db8::8', '2001:db8::6'],
])('addresses that a rule of nftables tells apart fare each by itself: %s', (match, one, other) => {
  const text = `table inet f {\n\tchain c {\n\t\t${match} drop\n\t}\n}\n`;
  const { addressKey } = tellingApart(
    onNetState(() => ({ natives: [{ table: 'inet f', text }] }))(healthyFacts()),
  );
  expect(addressKey(one)).not.toBe(addressKey(other));
});
