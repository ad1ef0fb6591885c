import { expect, test } from 'vitest';
import { makeRule, type HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { withRule } from '../../support/app/edit-rules.ts';
import { otherwise } from '../../support/reach/otherwise.ts';
import { recordedTerrain, rulesOf, withRules } from '../../support/reach/terrain.ts';

const RULES = [
  ['filter', '-A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP'],
  ['filter', '-A DOCKER-USER -s 172.17.0.2/32 -j DROP'],
  ['filter', '-A DOCKER-USER ! -d 172.17.0.2/32 -i eth0 -j REJECT --reject-with icmp-port-unreachable'],
  ['filter', '-A DOCKER-USER -p tcp -m multiport --dports 80,8000:8090 -j DROP'],
  ['filter', '-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 8080 -j DROP'],
  ['nat', '-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:81'],
  ['nat', '-A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.10:5353'],
  ['filter', '-A DOCKER-USER -s 172.17.0.2/32 -d 172.17.0.3/32 -j DROP'],
  // The port that one asks another on is not its own.
  ['filter', '-A DOCKER-USER -s 172.17.0.2/32 -p tcp -m tcp --dport 443 -j DROP'],
  ['filter', '-A DOCKER-USER -i docker0 -p tcp -m tcp --dport 80 -j DROP'],
  ['filter', '-A DOCKER-USER -s 172.17.0.0/16 -d 172.22.0.0/16 -j DROP'],
  ['filter', '-A FORWARD -o docker0 -j ACCEPT'],
  ['nat', '-A PREROUTING -i eth0 -p udp -m udp --dport 53 -j DNAT --to-destination 172.17.0.3'],
  // A block list: it concerns nobody but whom it names.
  ['filter', '-A DOCKER-USER -s 203.0.113.64/26 -j DROP'],
  ['filter', '-A DOCKER-USER -s 192.0.2.2/32 -j DROP'],
  ['filter', '-A DOCKER-USER -d 198.51.100.0/24 -j DROP'],
] as const;

test.each(RULES)('packets followed by themselves come to what the table says, with %s %s', (table, text) => {
  const host = recordedTerrain('engine-28.5');
  expect(makeRule(text).text).toBe(text);
  const rules: HostRules = withRule(rulesOf(host), 'ipv4', table, text, 'first');
  expect(otherwise(withRules(host, rules))).toEqual([]);
});

test('of rules for one end and rules for the other the first one counts', () => {
  const host = recordedTerrain('engine-28.5');
  const rules = [
    '-A DOCKER-USER -s 172.17.0.4/32 -j ACCEPT',
    '-A DOCKER-USER -d 172.17.0.3/32 -j DROP',
    '-A DOCKER-USER -s 172.17.0.2/32 -j ACCEPT',
  ].reduce((all, rule) => withRule(all, 'ipv4', 'filter', rule, 'first'), rulesOf(host));
  expect(otherwise(withRules(host, rules))).toEqual([]);
});

test.each([
  // What everybody asks outside.
  [
    '-A DOCKER-USER -s 172.18.0.2/32 -j DROP',
    '-A DOCKER-USER -p udp -m udp --dport 53 -j ACCEPT',
    '-A DOCKER-USER -s 172.18.0.3/32 -j DROP',
  ],
  // A port that a translation gives.
  [
    '-A DOCKER-USER -d 172.18.0.2/32 -j DROP',
    '-A DOCKER-USER -p tcp -m tcp --dport 80 -j ACCEPT',
    '-A DOCKER-USER -d 172.18.0.3/32 -j DROP',
  ],
  // Whoever is asked may be led to another one.
  ['-t nat -A PREROUTING -p udp -m udp --dport 53 -j DNAT --to-destination 172.18.0.3'],
  ['-t nat -A PREROUTING -s 172.18.0.0/16 -p tcp -j DNAT --to-destination 172.17.0.2:80'],
  ['-t nat -A PREROUTING -i eth0 -p tcp -j DNAT --to-destination 172.18.0.3'],
  // A port of a container that everybody is led to, or one container.
  ['-t nat -A PREROUTING -p tcp -j DNAT --to-destination 172.17.0.2:80'],
  ['-t nat -A PREROUTING -s 172.18.0.2/32 -p tcp -j DNAT --to-destination 172.17.0.2:80'],
  // An address of the network's that no container has.
  ['-t nat -A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.77:80'],
])('rules of one chain are met in their order: %s', (...lines) => {
  const host = recordedTerrain('engine-28.5');
  const rules = [...lines].reverse().reduce((all, line) => {
    const [, table = 'filter', rule = ''] = /^(?:-t (\w+) )?(.*)$/.exec(line) ?? [];
    return withRule(all, 'ipv4', table, rule, 'first');
  }, rulesOf(host));
  expect(otherwise(withRules(host, rules))).toEqual([]);
});

test.each([
  'tcp dport 8080 dnat to 172.17.0.3:80',
  'iifname "docker0" meta l4proto tcp dnat to 172.18.0.2',
  'dnat to tcp dport map { 8080 : 172.17.0.3, 8081 : 172.18.0.2 }',
])("whom a table of nftables' own leads packets to is met with its rules: %s", (rule) => {
  const { netState, ...host } = recordedTerrain('engine-28.5');
  const text = `table ip own {\n\tchain one {\n\t\ttype nat hook prerouting priority dstnat - 5; policy accept;\n\t\t${rule}\n\t}\n}\n`;
  expect(otherwise({ ...host, netState: { ...netState, natives: [{ table: 'ip own', text }] } })).toEqual([]);
});

test('and without', () => {
  for (const name of ['engine-20.10', 'engine-29.7-noproxy', 'engine-28.5-links'])
    expect(otherwise(recordedTerrain(name))).toEqual([]);
});
