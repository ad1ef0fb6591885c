import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Facts, Inside, Listener } from '../../../src/doctor/facts.ts';
import type { Finding } from '../../../src/guard/finding.ts';
import { EMPTY_RULESET } from '../../../src/iptables/model.ts';
import { parseSave } from '../../../src/iptables/parse.ts';
import {
  container,
  healthyFacts,
  inFront,
  onContainer,
  onInside,
  onLink,
  onNetwork,
  onTerrain,
  rewritten,
  sysctls,
  withoutRoute,
  withRoute,
  type Change,
} from '../../support/doctor/host-facts.ts';

const listens = (...listeners: readonly Listener[]): Change => onInside('web', () => ({ listeners }));
const lost: Finding = {
  kind: 'missing',
  severity: 'outage',
  family: 'ipv4',
  table: 'nat',
  chain: 'POSTROUTING',
  rule: '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
  consequence: 'containers of bridge can no longer open connections to the outside',
};
const all =
  (...changes: readonly Change[]): Change =>
  (facts) =>
    changes.reduce((now, change) => change(now), facts);
const silent =
  (code: string): Change =>
  (facts) => ({
    ...facts,
    engine: { answered: false, code, message: code, hint: undefined, details: [], log: undefined },
  });
const native = (table: string, text: string): Change => onTerrain(() => ({ natives: [{ table, text }] }));

const bankOf = (save: string): Inside['banks'] => [
  { backend: 'nft', rules: { ipv4: parseSave(save, 'test').ruleset, ipv6: EMPTY_RULESET } },
];

/** What is changed, the codes of the causes told, what the first remedy's commands hold, and what was asked. */
type Row = readonly [
  name: string,
  change: Change,
  causes: readonly string[],
  remedy?: string | undefined,
  about?: string,
  from?: string,
];

const OWN_MODE: Change = onContainer('web', () => ({
  networkMode: 'host',
  attachments: [],
  inside: undefined,
  wanted: [{ proto: 'tcp', port: 80, hostIp: '', hostPort: 8080 }],
}));

const ROWS: readonly Row[] = [
  ['nothing', (facts) => facts, []],
  [
    'forwarding off',
    sysctls({ 'ipv4/ip_forward': '0' }),
    ['forwarding-off'],
    'sysctl -w net.ipv4.ip_forward=1',
  ],
  [
    'forwarding off at the uplink',
    sysctls({ 'ipv4/conf/eth0/forwarding': '0' }),
    ['interface-forwarding-off'],
    'sysctl -w net.ipv4.conf.eth0.forwarding=1',
  ],
  ['bridge down', onLink('docker0', { up: false }), ['bridge-down'], 'ip link set dev docker0 up'],
  [
    'bridge gone',
    onLink('docker0', undefined),
    ['bridge-missing'],
    'ip link add name docker0 type bridge && ip address add 172.17.0.1/16 dev docker0 && ip link set dev docker0 up && ip link set dev veth1 master docker0 up',
  ],
  [
    'bridge without its address',
    all(onLink('docker0', { addresses: [] }), withoutRoute('172.17.0.0/16')),
    ['bridge-address-missing'],
    'ip address add 172.17.0.1/16 dev docker0',
  ],
  ['veth down', onLink('veth1', { up: false }), ['veth-down'], 'ip link set dev veth1 up'],
  [
    'veth detached',
    onLink('veth1', { master: '' }),
    ['veth-detached'],
    'ip link set dev veth1 master docker0',
  ],
  [
    'veth elsewhere',
    onLink('veth1', { master: 'br-x' }),
    ['veth-elsewhere'],
    'ip link set dev veth1 master docker0',
  ],
  ['veth gone', onLink('veth1', undefined), ['veth-missing'], 'docker network connect bridge web'],
  [
    'veth disabled',
    onLink('veth1', { portState: 'disabled' }),
    ['port-not-forwarding'],
    'bridge link set dev veth1 state 3',
  ],
  ['veth of smaller MTU', onLink('veth1', { mtu: 1200 }), ['mtu-mismatch'], 'ip link set dev veth1 mtu 1500'],
  [
    'no default route inside',
    onInside('web', ({ routes }) => ({ routes: routes.slice(1) })),
    ['container-no-default-route'],
    'nsenter --net=/proc/11000/ns/net ip route replace default via 172.17.0.1 dev eth0',
  ],
  [
    'wrong gateway inside',
    onInside('web', ({ routes }) => ({
      routes: routes.map((one) => (one.via === '' ? one : { ...one, via: '172.17.0.9' })),
    })),
    ['container-wrong-gateway'],
    'default via 172.17.0.1',
  ],
  [
    'loopback only',
    listens({ proto: 'tcp', address: '127.0.0.1', port: 80 }, { proto: 'udp', address: '::', port: 5353 }),
    ['loopback-only'],
  ],
  ['nothing listens', listens(), ['nothing-listens', 'nothing-listens']],
  ['one of two listens', listens({ proto: 'tcp', address: '::', port: 80 }), []],
  ['paused, not asked', onContainer('web', () => ({ state: 'paused' })), []],
  [
    'paused',
    onContainer('web', () => ({ state: 'paused' })),
    ['container-paused'],
    'docker unpause web',
    'web',
  ],
  [
    'stopped',
    onContainer('mate', () => ({ state: 'exited', inside: undefined })),
    ['container-stopped'],
    'docker start mate',
    'mate',
  ],
  [
    'host mode with ports',
    all(OWN_MODE, (facts) => ({ ...facts, ports: [] })),
    ['host-mode'],
    undefined,
    ':8080',
  ],
  [
    'conntrack full',
    (facts) => ({ ...facts, conntrack: { count: 65_536, max: 65_536 } }),
    ['conntrack-full'],
    'sysctl -w net.netfilter.nf_conntrack_max=262144',
  ],
  [
    'rules lost',
    (facts) => ({ ...facts, drift: { findings: [lost], rules: 24, baseline: undefined } }),
    ['rules-lost'],
    'rulesguard restore',
  ],
  [
    'rules lost, and the packets too',
    all(
      rewritten((save) => save.replace(/.*MASQUERADE\n/, '')),
      (facts) => ({
        ...facts,
        drift: { findings: [lost], rules: 24, baseline: undefined },
      }),
    ),
    ['rules-lost'],
  ],
  [
    'policy only',
    (facts) => ({
      ...facts,
      drift: { findings: [{ ...lost, kind: 'policy' }], rules: 24, baseline: undefined },
    }),
    [],
  ],
  [
    'foreign DROP in front',
    inFront('-A FORWARD -i eth0 -j DROP'),
    ['rule-stops'],
    'iptables -w -t filter -D FORWARD -i eth0 -j DROP',
  ],
  [
    'DROP in DOCKER-USER',
    rewritten((save) =>
      save.replace(
        '[22:1333] -A FORWARD -j DOCKER-USER',
        '$&\n[5:300] -A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP',
      ),
    ),
    ['user-rule-stops'],
    '-D DOCKER-USER',
  ],
  [
    'DROP of replies',
    inFront('-A FORWARD -i docker0 -m conntrack --ctstate ESTABLISHED -j DROP'),
    ['rule-stops'],
  ],
  [
    'raw DROP',
    inFront('-A PREROUTING -p tcp -m tcp --dport 8080 -j DROP'),
    ['rule-stops'],
    '-t raw -D PREROUTING',
  ],
  [
    'foreign REDIRECT of the port',
    rewritten((save) =>
      save.replace(
        /^(\[\S+\] -A PREROUTING -m addrtype)/m,
        '[1:60] -A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80\n$1',
      ),
    ),
    ['led-astray'],
    '-t nat -D PREROUTING',
  ],
  [
    'SNAT to somebody else',
    rewritten((save) =>
      save.replace(
        /^(\[\S+\] -A POSTROUTING)/m,
        '[1:60] -A POSTROUTING -s 172.17.0.0/16 -j SNAT --to-source 198.51.100.9\n$1',
      ),
    ),
    ['not-masqueraded'],
    '-t nat -D POSTROUTING',
  ],
  [
    'translation lost behind docker-proxy',
    rewritten((save) => save.replace(/.*--dport 8080 -j DNAT.*\n/, '')),
    ['translation-lost'],
    'rulesguard restore',
  ],
  [
    'VPN over the subnet',
    all(onLink('eth0', {}), withRoute({ to: '172.17.0.0/17', dev: 'eth0' })),
    ['route-overlap'],
    'ip route del 172.17.0.0/17 dev eth0',
  ],
  [
    'blackhole',
    withRoute({ to: '172.17.0.0/24', dev: '', type: 'blackhole' }),
    ['route-blocked'],
    'ip route del blackhole 172.17.0.0/24',
  ],
  [
    'route gone',
    all(withoutRoute('172.17.0.0/16'), withoutRoute('0.0.0.0/0')),
    ['route-missing'],
    'ip route add 172.17.0.0/16 dev docker0 src 172.17.0.1',
  ],
  [
    'strict reverse path, asymmetric',
    all(sysctls({ 'ipv4/conf/eth0/rp_filter': '1' }), withRoute({ to: '192.0.2.2/32', dev: 'docker0' })),
    ['rp-filter'],
    'sysctl -w net/ipv4/conf/eth0/rp_filter=2',
  ],
  ['small uplink', onLink('eth0', { mtu: 1400 }), []],
  [
    'small uplink, ICMP dropped',
    all(
      rewritten((save) =>
        save
          .replace(':OUTPUT ACCEPT [0:0]\n:DOCKER', ':OUTPUT ACCEPT [0:0]\n:DOCKER')
          .replace('[22:1333] -A FORWARD -j DOCKER-USER', '[0:0] -A OUTPUT -p icmp -j DROP\n$&'),
      ),
      onLink('eth0', { mtu: 1400 }),
    ),
    ['mtu-black-hole'],
    'TCPMSS',
  ],
  [
    'nftables drops all',
    native(
      'inet filter',
      'table inet filter {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}',
    ),
    ['native-drop'],
    "nft chain inet filter forward '{ policy accept; }'",
  ],
  ['dockerd down', silent('RG_ENGINE_DOWN'), ['engine-down'], 'systemctl start docker'],
  ['iptables off', silent('RG_ENGINE_NO_IPTABLES'), ['iptables-off']],
  ['no such container', (facts) => facts, ['not-found'], undefined, 'wbe'],
  ['nothing published there', (facts) => facts, ['not-published'], undefined, ':9999'],
  ['published for udp only', (facts) => facts, ['published-other-protocol'], undefined, ':5353'],
  [
    'icc off',
    all(
      onNetwork({
        options: {
          'com.docker.network.bridge.name': 'docker0',
          'com.docker.network.bridge.enable_icc': 'false',
        },
      }),
      rewritten((save) =>
        save.replace(
          '[11:667] -A DOCKER-FORWARD -i docker0 -j ACCEPT',
          '[1:60] -A DOCKER-FORWARD -i docker0 -o docker0 -j DROP\n$&',
        ),
      ),
    ),
    ['icc-off'],
    'docker network connect',
    'web',
    'mate',
  ],
  [
    'its own firewall',
    onInside('web', () => ({
      banks: bankOf('*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n'),
    })),
    ['container-firewall'],
    'nsenter --net=/proc/11000/ns/net iptables-nft -w -t filter -D INPUT -p tcp -m tcp --dport 80 -j DROP',
  ],
];

describe('what is told for each fault', () => {
  test.each(ROWS.map((row) => ({ row, name: row[0] })))(
    '$name',
    ({ row: [, change, causes, remedy, about, from = ''] }) => {
      const facts: Facts = change(healthyFacts());
      const diagnosis = diagnose(facts, { about, from });
      expect(diagnosis.causes.map(({ code }) => code)).toEqual(causes);
      if (remedy !== undefined)
        expect(diagnosis.causes[0]?.remedies[0]?.commands.join(' && ')).toContain(remedy);
    },
  );

  test('another container than the one asked about is no cause', () => {
    const facts = all(listens(), (now) => ({
      ...now,
      containers: [...now.containers, container('api', '172.17.0.4', 13)],
    }))(healthyFacts());
    expect(diagnose(facts, { about: 'mate', from: '' }).causes).toEqual([]);
  });
});
