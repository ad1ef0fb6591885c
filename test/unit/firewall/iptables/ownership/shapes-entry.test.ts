import { describe, expect, test } from 'vitest';
import type { Level } from '../../../../../src/firewall/iptables/ownership/purpose.ts';
import type { Family } from '../../../../../src/net/family.ts';
import type { RulesByTable } from '../../../../support/text.ts';
import { judge } from './verdict.ts';

/** A rule of Docker's in a built-in chain, alone unless something must stand beside it. */
type Row = readonly [shape: string, level: Level, table: string, rule: string, beside?: RulesByTable];

const rows = (family: Family, cases: readonly Row[]): void => {
  const named = cases.map(([shape, level, table, rule, beside = {}]) => ({
    shape,
    level,
    table,
    rule,
    beside,
  }));
  test.each(named)('$shape, $level: $table $rule', ({ shape, level, table, rule, beside }) => {
    const { verdict, undecided } = judge(table, rule, { family, beside });
    expect(verdict).toEqual({ owner: 'docker', level, shape });
    expect(undecided).toEqual([]);
  });
};

const BR = 'br-0123456789ab';
const PORT = {
  filter: ['-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT'],
};
const DNAT = {
  nat: ['-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80'],
};
const DNAT6 = {
  nat: [
    '-A DOCKER ! -s fe80::/10 ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00::2]:80',
  ],
};
const SCTP = {
  nat: ['-A DOCKER ! -i docker0 -p sctp -m sctp --dport 9899 -j DNAT --to-destination 172.17.0.2:3868'],
};
const ROUTED_SCTP = {
  filter: ['-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p sctp -m sctp --dport 3868 -j ACCEPT'],
};
const LOOPBACK = {
  nat: [
    '-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 9001 -j DNAT --to-destination 172.17.0.2:80',
  ],
};
const CLOSED = { raw: ['-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP'] };
const SETS = { filter: ['-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER'] };

describe('Engines 17.06 to 27: rules of every bridge in FORWARD', () => {
  // prettier-ignore
  rows('ipv4', [
    ['forward-user', 'daemon', 'filter', '-A FORWARD -j DOCKER-USER'],
    ['forward-isolation', 'daemon', 'filter', '-A FORWARD -j DOCKER-ISOLATION'],
    ['forward-isolation', 'daemon', 'filter', '-A FORWARD -j DOCKER-ISOLATION-STAGE-1'],
    ['forward-docker', 'network', 'filter', '-A FORWARD -o docker0 -j DOCKER'],
    ['forward-docker', 'network', 'filter', '-A FORWARD -o mybridge -j DOCKER'],
    ['forward-established', 'network', 'filter', '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
    ['forward-out', 'network', 'filter', `-A FORWARD -i ${BR} ! -o ${BR} -j ACCEPT`],
    ['forward-icc-accept', 'network', 'filter', '-A FORWARD -i docker0 -o docker0 -j ACCEPT'],
    ['forward-icc-drop', 'network', 'filter', '-A FORWARD -i docker_gwbridge -o docker_gwbridge -j DROP'],
    ['nat-jump', 'daemon', 'nat', '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER'],
    ['nat-jump', 'daemon', 'nat', '-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER'],
    ['nat-jump', 'daemon', 'nat', '-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER'],
    ['masquerade', 'network', 'nat', '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'],
    ['masquerade', 'network', 'nat', `-A POSTROUTING -s 172.18.0.0/16 ! -o ${BR} -j SNAT --to-source 192.0.2.10`],
    ['hairpin-local', 'network', 'nat', '-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE'],
    ['hairpin-local', 'network', 'nat', `-A POSTROUTING -o ${BR} -m addrtype --src-type LOCAL -j SNAT --to-source 192.0.2.10`],
    ['hairpin-port', 'endpoint', 'nat', '-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE', DNAT],
    ['hairpin-port', 'endpoint', 'nat', '-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p udp -m udp --dport 53 -j MASQUERADE', PORT],
    ['sctp-checksum', 'endpoint', 'mangle', '-A POSTROUTING -p sctp -m sctp --sport 3868 -j CHECKSUM --checksum-fill', SCTP],
    ['sctp-checksum', 'endpoint', 'mangle', '-A POSTROUTING -p sctp -m sctp --sport 3868 -j CHECKSUM --checksum-fill', ROUTED_SCTP],
  ]);
  // prettier-ignore
  rows('ipv6', [
    ['nat-jump', 'daemon', 'nat', '-A OUTPUT ! -d ::1/128 -m addrtype --dst-type LOCAL -j DOCKER'],
    ['masquerade', 'network', 'nat', `-A POSTROUTING -s fd00:1::/64 ! -o ${BR} -j MASQUERADE`],
    ['masquerade', 'network', 'nat', `-A POSTROUTING -s fd00:1::/64 ! -o ${BR} -j SNAT --to-source 2001:db8::1`],
    ['hairpin-port', 'endpoint', 'nat', '-A POSTROUTING -s fd00::2/128 -d fd00::2/128 -p tcp -m tcp --dport 80 -j MASQUERADE', DNAT6],
  ]);
});

describe('Engine 28.0.0: two sets of addresses', () => {
  // prettier-ignore
  rows('ipv4', [
    ['forward-set-docker', 'daemon', 'filter', '-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER'],
    ['forward-set-established', 'daemon', 'filter', '-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
    ['forward-any-out', 'network', 'filter', '-A FORWARD -i docker0 -j ACCEPT', SETS],
    ['forward-icc-drop', 'network', 'filter', `-A FORWARD -i ${BR} -o ${BR} -j DROP`, SETS],
    ['forward-out', 'network', 'filter', `-A FORWARD -i ${BR} ! -o ${BR} -j ACCEPT`, SETS],
  ]);
  // prettier-ignore
  rows('ipv6', [
    ['forward-set-docker', 'daemon', 'filter', '-A FORWARD -m set --match-set docker-ext-bridges-v6 dst -j DOCKER'],
  ]);
});

describe('Engines 28.0.1 and later: one jump in FORWARD, and raw', () => {
  // prettier-ignore
  rows('ipv4', [
    ['forward-forward', 'daemon', 'filter', '-A FORWARD -j DOCKER-FORWARD'],
    ['raw-port', 'endpoint', 'raw', '-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -p tcp -m tcp --dport 80 -j DROP'],
    ['raw-endpoint', 'endpoint', 'raw', '-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP'],
    ['raw-trusted', 'endpoint', 'raw', '-A PREROUTING -d 172.17.0.2/32 -i eth1 -j ACCEPT', CLOSED],
    ['raw-trusted', 'endpoint', 'raw', '-A PREROUTING -d 172.17.0.2/32 -i eth1 -j ACCEPT', DNAT],
    ['raw-loopback', 'endpoint', 'raw', '-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 9001 -j DROP', LOOPBACK],
    ['raw-loopback-wsl', 'endpoint', 'raw', '-A PREROUTING -d 127.0.0.1/32 -i loopback0 -p tcp -m tcp --dport 9001 -j ACCEPT', LOOPBACK],
  ]);
  // prettier-ignore
  rows('ipv6', [
    ['forward-forward', 'daemon', 'filter', '-A FORWARD -j DOCKER-FORWARD'],
    ['raw-endpoint', 'endpoint', 'raw', `-A PREROUTING -d fd00::2/128 ! -i ${BR} -j DROP`],
  ]);
});

describe('swarm: the routing mesh', () => {
  // prettier-ignore
  rows('ipv4', [
    ['forward-ingress', 'ingress', 'filter', '-A FORWARD -j DOCKER-INGRESS'],
    ['nat-ingress-jump', 'ingress', 'nat', '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS'],
    ['nat-ingress-jump', 'ingress', 'nat', '-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER-INGRESS'],
    ['hairpin-local', 'ingress', 'nat', '-A POSTROUTING -o docker_gwbridge -m addrtype --src-type LOCAL -j MASQUERADE'],
  ]);
});

describe('encrypted overlay networks', () => {
  const u32 = '-m udp --dport 4789 -m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x100100"';
  const bpf23 =
    '-m udp --dport 4789 -m bpf --bytecode "6,177 0 0 0,64 0 0 12,84 0 0 4294967040,21 1 0 1048832,6 0 0 0,6 0 0 4294967295"';
  const bpf24 =
    '-m udp --dport 7777 -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295"';

  describe.each([
    ['u32', u32],
    ['bpf up to 23', bpf23],
    ['bpf from 24 on, another port', bpf24],
  ])('%s', (_, vxlan) => {
    // prettier-ignore
    const cases: readonly Row[] = [
      ['overlay-mark', 'overlay', 'mangle', `-A OUTPUT -p udp ${vxlan} -j MARK --set-xmark 0xd0c4e3/0xffffffff`],
      ['overlay-any-drop', 'overlay', 'filter', `-A INPUT -p udp ${vxlan} -j DROP`],
      ['overlay-plain-drop', 'overlay', 'filter', `-A INPUT -p udp -m policy --dir in --pol none ${vxlan} -j DROP`],
      ['overlay-ipsec-accept', 'overlay', 'filter', `-A INPUT -p udp -m policy --dir in --pol ipsec ${vxlan} -j ACCEPT`],
    ];
    // prettier-ignore
    rows('ipv4', cases);
    // From Engine 29 on the family follows the transport.
    // prettier-ignore
    rows('ipv6', cases);
  });

  // prettier-ignore
  rows('ipv4', [
    ['forward-overlay', 'overlay', 'filter', '-A FORWARD -j DOCKER-OVERLAY'],
    ['forward-overlay', 'overlay', 'filter', '-A OUTPUT -j DOCKER-OVERLAY'],
  ]);
});
