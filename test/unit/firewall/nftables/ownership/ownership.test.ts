import { expect, test } from 'vitest';
import { ownTableRule } from '../../../../../src/firewall/nftables/ownership/ownership.ts';
import { TABLE_PURPOSE_IDS } from '../../../../../src/firewall/nftables/ownership/purpose.ts';
import type { NftRule } from '../../../../../src/firewall/nftables/tables/model.ts';
import { nftRecording, nftRecordings } from '../../../../support/nftables/recordings.ts';

const ruleOf = (text: string): NftRule => ({ text, key: text, statements: [], comment: '' });

const own = (chain: string, text: string, table = 'docker-bridges') =>
  ownTableRule(table, chain, ruleOf(text));

test('every rule that an Engine wrote has a purpose, and every purpose is one of a rule', () => {
  const purposes = new Set<string | undefined>();
  for (const name of nftRecordings())
    for (const table of nftRecording(name).tables)
      for (const chain of table.chains.values())
        for (const rule of chain.rules) {
          const { purpose } = ownTableRule(table.name, chain.name, rule);
          expect(purpose, `${name} ${chain.name}: ${rule.text}`).toBeDefined();
          purposes.add(purpose);
        }
  expect(TABLE_PURPOSE_IDS.filter((id) => !purposes.has(id))).toEqual([
    'wsl-return',
    'link-answer-first',
    'raw-loopback-wsl',
  ]);
});

// prettier-ignore
test.each<[chain: string, text: string, purpose: string, captures: object]>([
  ['nat-prerouting-and-output', 'iifname != "docker0" ip daddr 192.0.2.1 tcp dport 8080 counter dnat to 172.17.0.2:80 comment "DNAT"', 'dnat',
    { bridge: 'docker0', hostIp: '192.0.2.1', proto: 'tcp', hostPort: '8080', ip: '172.17.0.2', port: '80' }],
  ['nat-prerouting-and-output', 'ip6 saddr != fe80::/10 udp dport 53 counter dnat to [fd00::2]:5353 comment "DNAT"', 'dnat',
    { proto: 'udp', hostPort: '53', ip: 'fd00::2', port: '5353' }],
  ['nat-prerouting-and-output', 'iifname "loopback0" ip daddr 127.0.0.0/8 counter return', 'wsl-return', {}],
  ['raw-PREROUTING', 'ip daddr 172.18.0.2 iifname != { "br-1", "wg0" } counter drop comment "DROP DIRECT ACCESS"', 'raw-endpoint', { ip: '172.18.0.2' }],
  ['raw-PREROUTING', 'iifname "loopback0" ip daddr 127.0.0.1 tcp dport 80 counter accept comment "ACCEPT WSL2 LOOPBACK"', 'raw-loopback-wsl',
    { hostIp: '127.0.0.1', proto: 'tcp', hostPort: '80' }],
  ['filter-forward-in__br-1', 'ip daddr 172.18.0.3 ip saddr 172.18.0.2 tcp sport 80 counter accept', 'link-answer-first',
    { bridge: 'br-1', ip: '172.18.0.2', parent: '172.18.0.3', proto: 'tcp', port: '80' }],
  ['nat-postrouting-in__br-1', 'ip saddr 172.18.0.2 ip daddr 172.18.0.2 tcp dport 80 counter masquerade comment "MASQ TO OWN PORT"', 'hairpin-port',
    { bridge: 'br-1', ip: '172.18.0.2', proto: 'tcp', port: '80' }],
  ['filter-forward-in__br-1', 'meta mark & 0x3 == 0x1 counter accept comment "ALLOW FW MARK"', 'mark-accept', { bridge: 'br-1' }],
])('%s: %s', (chain, text, purpose, captures) => {
  expect(own(chain, text)).toMatchObject({ purpose, captures });
});

// prettier-ignore
test.each<[what: string, chain: string, text: string]>([
  ['an accept without a comment', 'filter-forward-in__br-1', 'counter accept'],
  ['about another bridge', 'filter-forward-in__br-1', 'iifname "br-2" counter accept comment "ICC"'],
  ['of another chain', 'filter-forward-out__br-1', 'counter drop comment "UNPUBLISHED PORT DROP"'],
  ['between two addresses', 'nat-postrouting-in__br-1', 'ip saddr 172.18.0.2 ip daddr 172.18.0.3 tcp dport 80 counter masquerade comment "MASQ TO OWN PORT"'],
  ['in a base chain', 'filter-FORWARD', 'iifname "eth0" drop'],
  ['that goes on', 'filter-FORWARD', 'oifname vmap @filter-forward-in-jumps counter'],
  ['to another map', 'filter-FORWARD', 'oifname vmap @mine'],
  ['in a chain of somebody', 'mine', 'counter accept comment "OUTGOING"'],
  ['in a chain of no bridge', 'filter-forward-in__', 'ct state established,related counter accept'],
])('not of Docker: a rule %s', (_, chain, text) => {
  expect(own(chain, text).purpose).toBeUndefined();
});

test('a chain of the other table is not known in this one', () => {
  expect(
    own('filter-FORWARD', 'oifname vmap @filter-forward-in-jumps', 'docker-overlay').purpose,
  ).toBeUndefined();
});
