import { describe, expect, test } from 'vitest';
import { ownHost, type OwnedRule } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import { makeRule, type Ruleset, type Table } from '../../../../../src/firewall/iptables/text/model.ts';
import { recording, recordingNames } from '../../../../support/recorded/recordings.ts';
import { judge, ownedRules, verdictOn } from './verdict.ts';

/** Rules that others write beside Docker's; some in the very words of one of Docker's shapes. */
// prettier-ignore
const FOREIGN: readonly (readonly [who: string, table: string, rule: string])[] = [
  ['ufw', 'filter', '-A FORWARD -j ufw-before-forward'],
  ['ufw', 'filter', '-A INPUT -j ufw-user-input'],
  ['ufw', 'filter', '-A FORWARD -j ufw-reject-forward'],
  ['fail2ban', 'filter', '-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd'],
  ['fail2ban', 'filter', '-A f2b-sshd -s 198.51.100.7/32 -j REJECT --reject-with icmp-port-unreachable'],
  ['libvirt before 5.1', 'filter', '-A FORWARD -i virbr0 -o virbr0 -j ACCEPT'],
  ['libvirt before 5.1', 'filter', '-A FORWARD -d 192.168.122.0/24 -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
  ['libvirt before 5.1', 'filter', '-A FORWARD -o virbr0 -j REJECT --reject-with icmp-port-unreachable'],
  ['libvirt', 'filter', '-A LIBVIRT_FWX -i virbr0 -o virbr0 -j ACCEPT'],
  ['libvirt', 'nat', '-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE'],
  ['libvirt', 'mangle', '-A POSTROUTING -o virbr0 -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill'],
  ['lxc-net', 'filter', '-A FORWARD -o lxcbr0 -j ACCEPT'],
  ['lxc-net', 'filter', '-A FORWARD -i lxcbr0 -j ACCEPT'],
  ['lxc-net', 'nat', '-A POSTROUTING -s 10.0.3.0/24 ! -d 10.0.3.0/24 -j MASQUERADE'],
  ['wg-quick', 'filter', '-A FORWARD -i wg0 -j ACCEPT'],
  ['wg-quick', 'filter', '-A FORWARD -o wg0 -j ACCEPT'],
  ['wg-quick', 'raw', '-A PREROUTING -d 10.8.0.2/32 ! -i wg0 -m addrtype ! --src-type LOCAL -m comment --comment "wg-quick(8) rule for wg0" -j DROP'],
  ['netavark', 'nat', '-A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT'],
  ['CNI', 'nat', '-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT'],
  ['kube-proxy', 'filter', '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD'],
  ['Calico', 'filter', '-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD'],
  ['Flannel', 'nat', '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG'],
  ['Tailscale', 'filter', '-A FORWARD -j ts-forward'],
  ['a qemu hook', 'nat', '-A POSTROUTING -s 192.168.122.9/32 -d 192.168.122.9/32 -p tcp -m tcp --dport 443 -j MASQUERADE'],
  ['a user, as advised', 'filter', '-A FORWARD -o docker0 -j ACCEPT'],
  ['a user, as advised', 'nat', '-A POSTROUTING -s 172.17.0.0/16 -o eth0 -j MASQUERADE'],
  ['a user', 'filter', '-A FORWARD -i docker0 -j ACCEPT'],
  ['a user', 'filter', '-A FORWARD -i eth0 -o docker0 -j ACCEPT'],
  ['a user', 'filter', '-A FORWARD -i br-lan ! -o br-lan -j ACCEPT'],
  ['a user', 'filter', '-A FORWARD -o br-lan -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
  ['a user', 'filter', '-A FORWARD -i br-0123456789aB -o br-0123456789aB -j ACCEPT'],
  ['a user', 'filter', '-A FORWARD -i docker0 -o docker0 -m comment --comment mine -j ACCEPT'],
  ['a user', 'filter', '-A FORWARD -g DOCKER-USER'],
  ['a user', 'filter', '-A FORWARD -s 10.0.0.0/8 -j DOCKER-USER'],
  ['a user', 'filter', '-A INPUT -j DOCKER-USER'],
  ['a user', 'filter', '-A OUTPUT -j DOCKER-FORWARD'],
  ['a user', 'filter', '-A INPUT -p udp -m udp --dport 4789 -j DROP'],
  ['a user', 'filter', '-A INPUT -i docker0 -j ACCEPT'],
  ['a user', 'filter', '-A FORWARD -m set --match-set blocked src -j DROP'],
  ['a user', 'filter', '-A FORWARD -m set --match-set docker-ext-bridges-v4 src -j DOCKER'],
  ['a user', 'nat', '-A POSTROUTING -o eth0 -j MASQUERADE'],
  ['a user', 'nat', '-A POSTROUTING -s 10.9.0.0/24 ! -o wg0 -j MASQUERADE'],
  ['a user', 'nat', '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE --random'],
  ['a user', 'nat', '-A POSTROUTING -o eth0 -m addrtype --src-type LOCAL -j MASQUERADE'],
  ['a user', 'nat', '-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80'],
  ['a user', 'nat', '-A PREROUTING -i eth0 -m addrtype --dst-type LOCAL -j DOCKER'],
  ['a user', 'mangle', '-A POSTROUTING -p sctp -m sctp --sport 5000 -j CHECKSUM --checksum-fill'],
  ['a user', 'mangle', '-A OUTPUT -p udp -m udp --dport 4789 -j MARK --set-xmark 0xd0c4e3/0xffffffff'],
  ['a user', 'raw', '-A PREROUTING -d 198.51.100.9/32 ! -i eth0 -j DROP'],
  ['a user', 'raw', '-A PREROUTING -d 198.51.100.9/32 -i eth1 -j ACCEPT'],
  ['a user', 'raw', '-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 6379 -j DROP'],
  ['a user', 'raw', '-A PREROUTING -s 198.51.100.0/24 -j NOTRACK'],
  ['a user', 'security', '-A FORWARD -j DOCKER-USER'],
  ['a resolver on the host network', 'nat', '-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT'],
];

describe('alone', () => {
  test.each(FOREIGN)('%s: %s %s', (_, table, rule) => {
    expect(judge(table, rule).verdict.owner).toBe('foreign');
  });
});

describe.each(recordingNames())('among the rules of %s', (name) => {
  const { host, networks, owned } = recording(name);
  const mixed = { ...host, ipv4: withForeign(host.ipv4) };
  const present = FOREIGN.filter(([, table]) => mixed.ipv4.tables.has(table));

  test.each([
    ['from the text alone', {}],
    ["with the Engine's networks", { networks, settled: true }],
  ])('%s they stay foreign, and every rule of Docker’s stays Docker’s', (_, knowledge) => {
    const verdicts = ownHost(mixed, knowledge);
    const taken = present.filter(
      ([, table, rule]) => verdictOn(verdicts, 'ipv4', table, rule).owner !== 'foreign',
    );
    expect(taken).toEqual([]);
    const dockers = ownedRules(verdicts).filter(({ owner }) => owner === 'docker');
    expect(textsOf(dockers)).toEqual(textsOf(ownedRules(owned)));
  });

  test('no rule of theirs is lost on the way to a verdict', () => {
    const read = [...mixed.ipv4.tables].flatMap(([table, { chains }]) =>
      [...chains.values()].flatMap(({ rules }) => rules.map(({ text }) => `${table} ${text}`)),
    );
    for (const [, table, rule] of present) expect(read).toContain(`${table} ${rule}`);
  });
});

const textsOf = (rules: readonly OwnedRule[]): readonly string[] => rules.map(({ rule }) => rule.text).sort();

/** The same rules with every foreign one of their tables at the top, or at the bottom, of its chain. */
function withForeign({ tables }: Ruleset): Ruleset {
  const mixed = [...tables].map(([name, table]): [string, Table] => {
    const chains = new Map(table.chains);
    FOREIGN.filter(([, other]) => other === name).forEach(([, , text], i) => {
      const rule = makeRule(text);
      const chain = chains.get(rule.chain) ?? { name: rule.chain, policy: '-', counters: '', rules: [] };
      chains.set(chain.name, {
        ...chain,
        rules: i % 2 === 0 ? [rule, ...chain.rules] : [...chain.rules, rule],
      });
    });
    return [name, { name, chains }];
  });
  return { tables: new Map(mixed) };
}
