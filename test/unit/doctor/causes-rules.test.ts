import { expect, test } from 'vitest';
import type { Inside } from '../../../src/doctor/facts/facts.ts';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import { EMPTY_RULESET } from '../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { all, describeCauses } from '../../support/doctor/causes.ts';
import {
  healthyFacts,
  onInside,
  onLink,
  onNetwork,
  onNetState,
  sysctls,
  withoutRoute,
  withRoute,
  type Change,
} from '../../support/doctor/host-facts.ts';
import { inFront, inUserChain, lost, rewritten } from '../../support/doctor/rule-changes.ts';
import { edited } from '../../support/edited.ts';

const silent =
  (code: string, pid?: number): Change =>
  (facts) => ({
    ...facts,
    engine: { answered: false, code, message: code, hint: undefined, details: [], pid, log: undefined },
  });

const native = (table: string, text: string): Change => onNetState(() => ({ natives: [{ table, text }] }));

const rulesetFor = (save: string): Inside['ownRules'] => [
  { variant: 'nft', rules: { ipv4: parseSave(save, 'test').ruleset, ipv6: EMPTY_RULESET } },
];

describeCauses('what is told of rules, paths and the Engine', [
  [
    'conntrack full',
    (facts) => ({ ...facts, conntrack: { count: 65_536, max: 65_536 } }),
    ['conntrack-full'],
    'sysctl -w net.netfilter.nf_conntrack_max=262144',
  ],
  [
    'foreign DROP in front',
    inFront('-A FORWARD -i eth0 -j DROP'),
    ['rule-stops'],
    'iptables -w -t filter -D FORWARD -i eth0 -j DROP',
  ],
  [
    'DROP in DOCKER-USER',
    inUserChain('-A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP'),
    ['user-rule-stops'],
    'iptables -w -I DOCKER-USER -d 172.17.0.2 -i eth0 -p tcp --dport 80 -j ACCEPT',
    ':8080',
  ],
  [
    'DROP in DOCKER-USER, and nobody asked about the port',
    inUserChain('-A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP'),
    [],
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
    ['misrouted'],
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
    lost((save) => edited(save, /.*--dport 8080 -j DNAT.*\n/, '')),
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
    withoutRoute('172.17.0.0/16'),
    ['route-missing'],
    'ip route add 172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1',
  ],
  [
    'strict reverse path, asymmetric',
    all(
      sysctls({ 'ipv4/conf/eth0/rp_filter': '1' }),
      onNetState(({ links }) => ({
        links: links.flatMap((one) =>
          one.name === 'eth0'
            ? [
                one,
                {
                  ...one,
                  name: 'eth1',
                  index: 9,
                  addresses: [{ family: 'ipv4', address: '198.18.0.1', length: 24, scope: 'global' }],
                },
              ]
            : [one],
        ),
      })),
      withRoute({ to: '192.0.2.2/32', dev: 'eth1' }),
    ),
    // Looser, it lets the questions in, and what containers ask there still leaves by eth1.
    ['rp-filter', 'route-overlap'],
    'sysctl -w net.ipv4.conf.eth0.rp_filter=2',
  ],
  ['small uplink', onLink('eth0', { mtu: 1400 }), []],
  [
    'small uplink, ICMP dropped',
    all(
      rewritten((save) =>
        edited(save, /^\[\d+:\d+\] -A FORWARD -j DOCKER-USER$/m, '[0:0] -A OUTPUT -p icmp -j DROP\n$&'),
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
    `nft insert rule inet filter forward iifname '{ "docker0" }' accept`,
  ],
  [
    'a comment that is a command',
    inFront('-A FORWARD -i eth0 -m comment --comment "$(id) `id`" -j DROP'),
    ['rule-stops'],
    "--comment '$(id) `id`' -j DROP",
  ],
  ['dockerd down', silent('RG_ENGINE_DOWN'), ['engine-down'], 'systemctl start docker'],
  ['dockerd runs, and DOCKER_HOST leads past it', silent('RG_ENGINE_ABSENT', 4711), []],
  ['iptables off', silent('RG_ENGINE_NO_IPTABLES'), ['iptables-off']],
  ['nothing published there', (facts) => facts, ['not-published'], undefined, ':9999'],
  ['a port without its colon', (facts) => facts, [], undefined, '8080'],
  ['nothing published there, and no colon', (facts) => facts, ['not-published'], undefined, '9999'],
  ['published for udp only', (facts) => facts, ['published-other-protocol'], undefined, ':5353'],
  [
    'icc off',
    all(
      onNetwork({ icc: false }),
      rewritten((save) =>
        save.replace(
          '[11:667] -A DOCKER-FORWARD -i docker0 -j ACCEPT',
          '[1:60] -A DOCKER-FORWARD -i docker0 -o docker0 -j DROP\n$&',
        ),
      ),
    ),
    ['icc-off'],
    'iptables -w -I DOCKER-USER -i docker0 -o docker0 -j ACCEPT',
    'web',
    'mate',
  ],
  [
    'a rule as of icc off, where it is on',
    inFront('-A DOCKER-FORWARD -i docker0 -o docker0 -j DROP'),
    ['rule-stops'],
    'iptables -w -t filter -D DOCKER-FORWARD -i docker0 -o docker0 -j DROP',
    'web',
    'mate',
  ],
  [
    'its own firewall',
    onInside('web', () => ({
      ownRules: rulesetFor(
        '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n',
      ),
    })),
    ['container-firewall'],
    '',
  ],
]);

/** A table that bans before Docker decides, by one rule or by more. */
const banning = (table: string, ...rules: readonly string[]): Change =>
  native(
    table,
    `table ${table} { # handle 1
\tchain forward { # handle 2
\t\ttype filter hook forward priority filter - 1; policy accept;
${rules.map((rule, i) => `\t\t${rule} # handle ${String(i + 5)}\n`).join('')}\t}
}
`,
  );

const commandsFor = (change: Change): readonly string[] =>
  diagnose(change(healthyFacts()), { about: ':8080', from: '' }).causes.flatMap(({ remedies }) =>
    remedies.flatMap(({ commands }) => commands),
  );

const DROPS = 'tcp dport 80 counter packets 5 bytes 300 drop';

test('a rule of a table of nftables own is deleted', () => {
  expect(commandsFor(banning('inet mine', DROPS))).toEqual(['nft delete rule inet mine forward handle 5']);
});

test('but no ban of a program is, nor what stood in the baseline, nor is either passed by', () => {
  expect(commandsFor(banning('inet f2b-table', `ip saddr 203.0.113.0/24 ${DROPS}`))).toEqual([]);
  const stood = [
    {
      ...{ table: 'inet mine', chain: 'forward', rule: 'tcp dport 80 counter drop' },
      ways: ['outage outside eth0 published'],
    },
  ];
  expect(commandsFor(all(banning('inet mine', DROPS), (facts) => ({ ...facts, stood })))).toEqual([]);
});

test('of a chain that drops everything only the rule that does is deleted', () => {
  expect(commandsFor(banning('inet mine', 'ip saddr 203.0.113.66 drop', 'drop'))).toEqual([
    'nft delete rule inet mine forward handle 6',
  ]);
});
