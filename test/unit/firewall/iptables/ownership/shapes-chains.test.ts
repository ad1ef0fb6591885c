import { describe, expect, test } from 'vitest';
import { ownHost } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import type { Level } from '../../../../../src/firewall/iptables/ownership/purpose.ts';
import type { Family } from '../../../../../src/net/family.ts';
import { hostOf } from '../../../../support/text.ts';
import { judge, ownedRules } from './verdict.ts';

/** A rule in one of Docker's own chains. */
type Row = readonly [shape: string, level: Level, table: string, rule: string];

const rows = (families: readonly Family[], cases: readonly Row[]): void => {
  describe.each(families)('%s', (family) => {
    test.each(cases)('%s, %s: %s %s', (shape, level, table, rule) => {
      const { verdict, undecided } = judge(table, rule, { family });
      expect(verdict).toEqual({ owner: 'docker', level, shape });
      expect(undecided).toEqual([]);
    });
  });
};

const BR = 'br-0123456789ab';
const ESTABLISHED = '-m conntrack --ctstate RELATED,ESTABLISHED';

describe('filter, every era', () => {
  // prettier-ignore
  rows(
    ['ipv4'],
    [
      ['port-accept', 'endpoint', 'filter', '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT'],
      ['port-accept', 'endpoint', 'filter', '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p udp -m udp --dport 53 -j ACCEPT'],
      ['port-accept', 'endpoint', 'filter', '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p sctp -m sctp --dport 9 -j ACCEPT'],
      ['link-accept', 'endpoint', 'filter', '-A DOCKER -s 172.17.0.3/32 -d 172.17.0.2/32 -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT'],
      ['link-accept', 'endpoint', 'filter', '-A DOCKER -s 172.17.0.2/32 -d 172.17.0.3/32 -i docker0 -o docker0 -p tcp -m tcp --sport 80 -j ACCEPT'],
      ['routed-icmp', 'network', 'filter', `-A DOCKER -o ${BR} -p icmp -j ACCEPT`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 ! -s 172.20.0.0/16 -o ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 ! -d 172.20.0.0/16 -i ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-INTERNAL ! -s 172.20.0.0/16 -o ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-INTERNAL ! -d 172.20.0.0/16 -i ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-ISOLATION ! -s 172.20.0.0/16 -o ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-ISOLATION ! -d 172.20.0.0/16 -i ${BR} -j DROP`],
      ['isolation-pair-drop', 'network', 'filter', `-A DOCKER-ISOLATION -i docker0 -o ${BR} -j DROP`],
      ['isolation-pair-drop', 'network', 'filter', `-A DOCKER-ISOLATION -i ${BR} -o docker0 -j DROP`],
      ['isolation-return', 'daemon', 'filter', '-A DOCKER-ISOLATION -j RETURN'],
      ['ingress-accept', 'ingress', 'filter', '-A DOCKER-INGRESS -p tcp -m tcp --dport 8080 -j ACCEPT'],
      ['ingress-established', 'ingress', 'filter', '-A DOCKER-INGRESS -p tcp -m state --state RELATED,ESTABLISHED -m tcp --sport 8080 -j ACCEPT'],
      ['ingress-established', 'ingress', 'filter', `-A DOCKER-INGRESS -p udp -m udp --sport 5353 ${ESTABLISHED} -j ACCEPT`],
      ['ingress-return', 'ingress', 'filter', '-A DOCKER-INGRESS -j RETURN'],
      ['overlay-return', 'overlay', 'filter', '-A DOCKER-OVERLAY -j RETURN'],
    ],
  );
  // prettier-ignore
  rows(
    ['ipv6'],
    [
      ['port-accept', 'endpoint', 'filter', `-A DOCKER -d fd00::2/128 ! -i ${BR} -o ${BR} -p tcp -m tcp --dport 80 -j ACCEPT`],
      ['routed-icmp', 'network', 'filter', `-A DOCKER -o ${BR} -p ipv6-icmp -j ACCEPT`],
      // Engines up to 23 wrote the words of IPv4, later ones leave traffic inside the bridge alone.
      ['internal-drop', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 ! -s fd00:1::/64 -o ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 ! -d fd00:1::/64 -i ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 ! -s fd00:1::/64 ! -i ${BR} -o ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 ! -d fd00:1::/64 -i ${BR} ! -o ${BR} -j DROP`],
      ['internal-drop', 'network', 'filter', `-A DOCKER-INTERNAL ! -s fd00:1::/64 ! -i ${BR} -o ${BR} -j DROP`],
    ],
  );
  // prettier-ignore
  rows(
    ['ipv4', 'ipv6'],
    [
      ['unpublished-drop', 'network', 'filter', `-A DOCKER ! -i ${BR} -o ${BR} -j DROP`],
      ['unprotected-accept', 'network', 'filter', `-A DOCKER ! -i ${BR} -o ${BR} -j ACCEPT`],
      ['isolation-stage-2', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 -i ${BR} ! -o ${BR} -j DOCKER-ISOLATION-STAGE-2`],
      ['isolation-drop', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-2 -o ${BR} -j DROP`],
      ['isolation-return', 'daemon', 'filter', '-A DOCKER-ISOLATION-STAGE-1 -j RETURN'],
      ['isolation-return', 'daemon', 'filter', '-A DOCKER-ISOLATION-STAGE-2 -j RETURN'],
      ['routed-established', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 -i ${BR} ${ESTABLISHED} -j ACCEPT`],
      ['routed-return', 'network', 'filter', `-A DOCKER-ISOLATION-STAGE-1 -o ${BR} -j RETURN`],
      ['user-return', 'daemon', 'filter', '-A DOCKER-USER -j RETURN'],
      ['bridge-docker', 'network', 'filter', `-A DOCKER-BRIDGE -o ${BR} -j DOCKER`],
      ['bridge-established', 'network', 'filter', `-A DOCKER-CT -o ${BR} ${ESTABLISHED} -j ACCEPT`],
      ['mark-accept', 'daemon', 'filter', '-A DOCKER-FORWARD -m mark --mark 0x1/0xff -j ACCEPT'],
      ['jump-ingress', 'ingress', 'filter', '-A DOCKER-FORWARD -j DOCKER-INGRESS'],
      ['jump-established', 'daemon', 'filter', '-A DOCKER-FORWARD -j DOCKER-CT'],
      ['jump-isolation', 'daemon', 'filter', '-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1'],
      ['jump-isolation', 'daemon', 'filter', '-A DOCKER-FORWARD -j DOCKER-INTERNAL'],
      ['jump-bridge', 'daemon', 'filter', '-A DOCKER-FORWARD -j DOCKER-BRIDGE'],
      ['network-out', 'network', 'filter', `-A DOCKER-FORWARD -i ${BR} -j ACCEPT`],
      ['network-out', 'network', 'filter', `-A DOCKER-FORWARD -i ${BR} ! -o ${BR} -j ACCEPT`],
      ['network-icc-drop', 'network', 'filter', `-A DOCKER-FORWARD -i ${BR} -o ${BR} -j DROP`],
      ['network-icc-accept', 'network', 'filter', `-A DOCKER-FORWARD -i ${BR} -o ${BR} -j ACCEPT`],
    ],
  );
});

describe('nat', () => {
  // prettier-ignore
  rows(
    ['ipv4'],
    [
      ['proxy-return', 'network', 'nat', '-A DOCKER -i docker0 -j RETURN'],
      ['wsl-return', 'daemon', 'nat', '-A DOCKER -d 127.0.0.0/8 -i loopback0 -j RETURN'],
      ['dnat', 'endpoint', 'nat', '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80'],
      ['dnat', 'endpoint', 'nat', '-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80'],
      ['dnat', 'endpoint', 'nat', '-A DOCKER -d 192.0.2.10/32 ! -i docker0 -p udp -m udp --dport 53 -j DNAT --to-destination 172.17.0.2:53'],
      ['dnat', 'endpoint', 'nat', '-A DOCKER -d 127.0.0.1/32 -p sctp -m sctp --dport 9 -j DNAT --to-destination 172.17.0.2:9'],
      ['ingress-dnat', 'ingress', 'nat', '-A DOCKER-INGRESS -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:8080'],
      ['ingress-nat-return', 'ingress', 'nat', '-A DOCKER-INGRESS -j RETURN'],
    ],
  );
  // prettier-ignore
  rows(
    ['ipv6'],
    [
      ['proxy-return', 'network', 'nat', '-A DOCKER -i docker0 -j RETURN'],
      ['dnat', 'endpoint', 'nat', '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00::2]:80'],
      ['dnat', 'endpoint', 'nat', '-A DOCKER ! -s fe80::/10 ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00::2]:80'],
      ['dnat', 'endpoint', 'nat', '-A DOCKER ! -s fe80::/10 -d 2001:db8::1/128 -p udp -m udp --dport 53 -j DNAT --to-destination [fd00::2]:53'],
    ],
  );
});

describe('what a rule says is captured by name', () => {
  // prettier-ignore
  test.each<[table: string, rule: string, captures: Readonly<Record<string, string>>]>([
    ['filter', '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT', { ip: '172.17.0.2', bridge: 'docker0', proto: 'tcp', port: '80' }],
    ['filter', '-A DOCKER-INGRESS -p tcp -m state --state RELATED,ESTABLISHED -m tcp --sport 8080 -j ACCEPT', { proto: 'tcp', hostPort: '8080' }],
    ['filter', `-A DOCKER-INGRESS -p udp -m udp --sport 5353 ${ESTABLISHED} -j ACCEPT`, { proto: 'udp', hostPort: '5353' }],
    ['filter', `-A DOCKER-INTERNAL ! -d 172.20.0.0/16 -i ${BR} -j DROP`, { subnet: '172.20.0.0/16', bridge: BR }],
    [
      'nat',
      '-A DOCKER -d 192.0.2.10/32 ! -i docker0 -p udp -m udp --dport 53 -j DNAT --to-destination 172.17.0.2:5353',
      {
        hostIp: '192.0.2.10',
        bridge: 'docker0',
        proto: 'udp',
        hostPort: '53',
        ip: '172.17.0.2',
        port: '5353',
      },
    ],
    ['nat', '-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00::2]:80', { proto: 'tcp', hostPort: '8080', ip: 'fd00::2', port: '80' }],
    ['nat', '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j SNAT --to-source 192.0.2.10', { subnet: '172.17.0.0/16', bridge: 'docker0', target: 'SNAT --to-source 192.0.2.10' }],
    ['filter', '-A INPUT -p udp -m udp --dport 4789 -m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x100100" -j DROP', { vni: '0x100100' }],
  ])('%s %s', (table, rule, captures) => {
    const owned = ownedRules(ownHost(hostOf({ [table]: [rule] })));
    expect(owned.map((found) => found.captures)).toEqual([captures]);
  });
});
