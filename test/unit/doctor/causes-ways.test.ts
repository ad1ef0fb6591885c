import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Facts } from '../../../src/doctor/facts/facts.ts';
import type { RouteRule } from '../../../src/trace/network-state.ts';
import { all, describeCauses } from '../../support/doctor/causes.ts';
import {
  healthyFacts,
  onLink,
  onNetState,
  sysctls,
  withoutRoute,
  withRoute,
  type Change,
} from '../../support/doctor/host-facts.ts';
import { rewritten } from '../../support/doctor/rule-changes.ts';
import { secondUplink } from '../../support/doctor/judged-facts.ts';
import { edited } from '../../support/edited.ts';

const native = (table: string, text: string): Change => onNetState(() => ({ natives: [{ table, text }] }));

const withRules = (...rules: readonly Omit<RouteRule, 'family'>[]): Change =>
  onNetState(() => ({
    routeRules: [
      { priority: 0, table: 'local', fields: { src: 'all' } },
      ...rules,
      { priority: 32_766, table: 'main', fields: { src: 'all' } },
    ]
      .toSorted((a, b) => a.priority - b.priority)
      .map((rule) => ({ family: 'ipv4', ...rule })),
  }));

/** As an Engine without docker-proxy writes it: packets from the container's own bridge are translated as well. */
const withoutProxy: Change = all(
  (facts) => ({
    ...facts,
    proxies: [],
    engine: { ...facts.engine, userlandProxy: false } as Facts['engine'],
  }),
  rewritten((save) =>
    edited(save, /.*-A DOCKER -i docker0 -j RETURN\n/, '').replaceAll(/! -i docker0 (?=.*-j DNAT)/g, ''),
  ),
);

const closedBy = (rule: string): Change =>
  rewritten((save) => edited(save, '[22:1333] -A FORWARD -j DOCKER-USER', `$&\n[5:300] ${rule}`));

/** A link that has no address. */
const WITH_TUNNEL = onNetState(({ links }) => ({
  links: links.flatMap((one) =>
    one.name === 'eth0' ? [one, { ...one, name: 't0', index: 9, addresses: [] }] : [one],
  ),
}));

describeCauses('what leads packets and answers elsewhere than they should go', [
  [
    'a route for the outside by an interface that has no address',
    all(WITH_TUNNEL, withRoute({ to: '203.0.113.0/24', dev: 't0' })),
    ['route-overlap'],
    'ip route del 203.0.113.0/24 dev t0',
  ],
  [
    'rule of policy routing whose table leads the clients away as well',
    all(
      WITH_TUNNEL,
      withRoute({ to: '0.0.0.0/0', dev: 't0', table: '52' }),
      withRules({ priority: 5270, table: '52', fields: { src: 'all' } }),
    ),
    ['route-rule'],
    'ip rule add pref 5269 lookup main suppress_prefixlength 0',
  ],
  [
    'rule of policy routing for all but a mark, whose table knows no bridge',
    all(
      onLink('eth0', {}),
      withRoute({ to: '0.0.0.0/0', dev: 'eth0', table: '71' }),
      withRules({ priority: 5270, table: '71', fields: { not: '', src: 'all', fwmark: '0x711e' } }),
    ),
    ['route-rule'],
    'ip rule add pref 5269 to 172.17.0.0/16 lookup main',
  ],
  [
    'rule of policy routing that ends packets for the bridge itself',
    withRules({
      ...{ priority: 100, table: '' },
      fields: { src: 'all', dst: '172.17.0.0', dstlen: '16', action: 'blackhole' },
    }),
    ['route-blocked'],
    'ip rule add pref 99 to 172.17.0.0/16 lookup main',
  ],
  [
    'rule of policy routing that ends packets of a bridge, and whose priority no other has',
    withRules({
      ...{ priority: 100, table: '' },
      fields: { src: '172.17.0.0', srclen: '16', action: 'prohibit' },
    }),
    ['route-blocked'],
    'ip rule del priority 100',
  ],
  [
    'rule of policy routing that ends what another one led past the main table',
    withRules(
      {
        priority: 100,
        table: '',
        fields: { src: '172.17.0.0', srclen: '16', action: 'goto', goto: '40000' },
      },
      { priority: 40_000, table: '', fields: { src: 'all', action: 'prohibit' } },
    ),
    ['route-blocked'],
  ],
  [
    "rule of policy routing that leads the answers of the host's own address away",
    all(
      withRoute({ to: '0.0.0.0/0', via: '192.0.2.2', dev: 'eth0', table: '100' }),
      withRules({ priority: 3, table: '100', fields: { src: '192.0.2.1' } }),
    ),
    ['route-rule'],
    'ip rule add pref 2 to 172.17.0.0/16 lookup main',
  ],
  [
    "rule of policy routing that leads the answers of a second uplink's address away",
    all(
      secondUplink,
      withRoute({ to: '0.0.0.0/0', via: '198.51.100.2', dev: 'eth1', table: '100' }),
      withRules({ priority: 3, table: '100', fields: { src: '198.51.100.1' } }),
    ),
    ['route-rule'],
    'ip rule add pref 2 to 172.17.0.0/16 lookup main',
  ],
  [
    "rule of policy routing for a protocol and a port that leads a container's answers away from the neighbour who asked",
    all(
      secondUplink,
      withRoute({ to: '0.0.0.0/0', via: '198.51.100.2', dev: 'eth1', table: '100' }),
      withRules({ priority: 100, table: '100', fields: { src: 'all', ipproto: 'tcp', sport: '80' } }),
    ),
    ['route-rule'],
    'ip rule add pref 99 lookup main suppress_prefixlength 0',
    '192.0.2.1:8080',
  ],
  [
    'without docker-proxy, bridged answers are not translated back',
    all(withoutProxy, sysctls({ 'bridge/bridge-nf-call-iptables': '0' })),
    ['answer-untranslated'],
    'sysctl -w net.bridge.bridge-nf-call-iptables=1',
  ],
  [
    'from outside to a port on 127.0.0.1',
    (facts) => ({ ...facts, ports: facts.ports.map((port) => ({ ...port, hostIp: '127.0.0.1' })) }),
    ['published-elsewhere'],
    undefined,
    '127.0.0.1:8080',
    'outside',
  ],
  ['without docker-proxy, and bridged packets shown to iptables', withoutProxy, []],
  [
    "a rule of the user's closes a second uplink, asked by its address",
    all(secondUplink, closedBy('-A DOCKER-USER -i eth1 -j DROP')),
    ['user-rule-stops'],
    undefined,
    '198.51.100.1:8080',
  ],
  ['the same, nobody asked', all(secondUplink, closedBy('-A DOCKER-USER -i eth1 -j DROP')), []],
  [
    'verdicts by interface, and a reject at the end, in a table of nftables own',
    native(
      'inet fw4',
      `table inet fw4 { # handle 1
	chain forward { # handle 2
		type filter hook forward priority filter; policy drop;
		ct state vmap { established : accept, related : accept } # handle 10
		iifname vmap { "lo" : accept, "eth0" : jump wan } # handle 11
		jump handle_reject # handle 12
	}
	chain wan { # handle 3
		tcp dport 81 accept # handle 13
	}
	chain handle_reject { # handle 4
		meta l4proto tcp reject with tcp reset # handle 14
		reject # handle 15
	}
}
`,
    ),
    ['native-stops', 'native-stops'],
    `nft insert rule inet fw4 forward iifname '{ "docker0" }' accept`,
  ],
]);

test('of a VPN that takes the clients far away too, a remedy says how much of it it repairs', () => {
  const change = all(
    onNetState(({ links }) => ({
      links: links.flatMap((one) =>
        one.name === 'eth0' ? [one, { ...one, name: 't0', index: 9, addresses: [] }] : [one],
      ),
    })),
    withRoute({ to: '0.0.0.0/0', dev: 't0', table: '52' }),
    withRules({ priority: 5270, table: '52', fields: { src: 'all' } }),
  );
  const { causes } = diagnose(change(healthyFacts()), { about: undefined, from: '' });
  expect(causes.find(({ code }) => code === 'route-rule')?.remedies[0]).toMatchObject({
    what: expect.stringMatching(/^repairs \d+ of \d+ paths: /) as unknown,
    commands: ['ip rule add pref 5269 lookup main suppress_prefixlength 0'],
  });
});

test('an OUTPUT filter that keeps this host from its own containers is its own: a warning, no cause', () => {
  const change = rewritten((save) => edited(save, /(\*filter[^*]*:OUTPUT )ACCEPT/, '$1DROP'));
  const { checks, causes } = diagnose(change(healthyFacts()), { about: undefined, from: '' });
  expect(causes.map(({ code }) => code)).toEqual([]);
  expect(checks.find(({ code }) => code === 'policy-stops')).toMatchObject({
    verdict: 'warn',
    title: expect.stringMatching(/ OUTPUT keeps this host from its containers: /) as unknown,
  });
});

test('answers to clients far away that a VPN takes, and those near that it leaves alone: a warning, no cause', () => {
  const change = all(
    secondUplink,
    withRoute({ to: '0.0.0.0/0', dev: 'eth1', table: '51820' }),
    withRules(
      { priority: 5269, table: 'main', fields: { src: 'all', suppress_prefixlen: '0' } },
      { priority: 5270, table: '51820', fields: { not: '', src: 'all', fwmark: '0xca6c' } },
    ),
  );
  const { checks, causes } = diagnose(change(healthyFacts()), { about: undefined, from: '' });
  expect(checks.find(({ code }) => code === 'route-asymmetric')).toMatchObject({
    verdict: 'warn',
    // The neighbour's answers stay on its link.
    evidence: [
      'path: outside → 192.0.2.1:8080/tcp → web:80 (answer)',
      'path: outside → 192.0.2.1:5353/udp → web:5353 (answer)',
    ],
  });
  expect(causes.map(({ code }) => code)).toEqual([]);
});

test('a route that is lost is told as that, though a last rule of policy routing ends what has none', () => {
  const { causes } = diagnose(
    all(
      withoutRoute('0.0.0.0/0'),
      withoutRoute('172.17.0.0/16'),
      withRules({ priority: 40_000, table: '', fields: { src: 'all', action: 'unreachable' } }),
    )(healthyFacts()),
    { about: undefined, from: '' },
  );
  const codes = causes.map(({ code }) => code);
  expect(codes).toContain('route-missing');
  expect(codes).not.toContain('route-blocked');
});
