import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Check } from '../../../src/doctor/diagnosis.ts';
import { healthyFacts, onLink, onNetState, type Change } from '../../support/doctor/host-facts.ts';
import { all, describeCauses } from '../../support/doctor/causes.ts';
import { inFront, inUserChain, rewritten } from '../../support/doctor/rule-changes.ts';
import { edited } from '../../support/edited.ts';

/** ufw decides in DOCKER-USER, as those who use it with Docker have it. */
const inUfw = (save: string, ...user: readonly string[]): string =>
  edited(
    save,
    '[22:1333] -A FORWARD -j DOCKER-USER',
    [
      '$&',
      '[0:0] -A DOCKER-USER -j ufw-user-forward',
      '[0:0] -A DOCKER-USER -s 172.16.0.0/12 -j RETURN',
      '[0:0] -A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
      '[0:0] -A DOCKER-USER -d 172.16.0.0/12 -p tcp -j DROP',
      ...user,
    ].join('\n'),
  ).replace(/^:DOCKER-USER.*$/m, '$&\n:ufw-user-forward - [0:0]');

const UFW = rewritten((save) => inUfw(save));

const ALLOW_LIST = inUserChain(
  '-A DOCKER-USER -s 198.51.100.0/24 -i eth0 -j ACCEPT',
  '-A DOCKER-USER -i eth0 -j DROP',
);

/** A rule in a table of nftables' own. */
const withNative = (hook: string, rule: string): Change =>
  onNetState(() => ({
    natives: [
      {
        table: 'inet own',
        text: `table inet own {\nchain c {\ntype filter hook ${hook} priority filter; policy accept;\n${rule}\n}\n}\n`,
      },
    ],
  }));

const secondUplink: Change = onNetState(({ links }) => ({
  links: [
    ...links,
    ...links
      .filter(({ name }) => name === 'eth0')
      .map((one) => ({
        ...one,
        name: 'eth1',
        index: 9,
        addresses: [{ family: 'ipv4', address: '198.51.100.1', length: 24, scope: 'global' } as const],
      })),
  ],
}));

const bridgeWithGuest: Change = onNetState(({ links, routes }) => ({
  routes: [
    ...routes,
    ...routes
      .filter(({ dev }) => dev === 'docker0')
      .map((one) => ({ ...one, to: '192.168.122.0/24', dev: 'virbr0', prefSource: '192.168.122.1' })),
  ],
  links: [
    ...links,
    ...links
      .filter(({ name }) => name === 'docker0')
      .map((one) => ({
        ...one,
        name: 'virbr0',
        index: 20,
        addresses: [{ family: 'ipv4', address: '192.168.122.1', length: 24, scope: 'global' } as const],
      })),
    ...links
      .filter(({ name }) => name === 'veth1')
      .map((one) => ({ ...one, name: 'vnet0', index: 21, peerIndex: 0, kind: 'tun', master: 'virbr0' })),
  ],
}));

describeCauses('what an operator closed', [
  [
    'an allow-list that forgets answers: they are let through, and nothing else',
    ALLOW_LIST,
    ['user-rule-stops'],
    'iptables -w -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  ],
  [
    'the port that an allow-list closes, asked about',
    ALLOW_LIST,
    ['user-rule-stops'],
    'iptables -w -I DOCKER-USER -d 172.17.0.2 -i eth0 -p tcp --dport 80 -j ACCEPT',
    ':8080',
  ],
  ['what ufw closes, and nobody asked', UFW, []],
  [
    'what ufw closes, asked about',
    UFW,
    ['user-rule-stops'],
    'ufw route allow proto tcp from any to any port 80',
    ':8080',
  ],
  [
    'a second uplink, asked by its address',
    all(secondUplink, inUserChain('-A DOCKER-USER -i eth1 -j DROP')),
    ['user-rule-stops'],
    'iptables -w -I DOCKER-USER -d 172.17.0.2 -i eth1 -p tcp --dport 80 -j ACCEPT',
    '198.51.100.1:8080',
  ],
  [
    'a rule of nobody known: it goes, since nothing is closed that was meant to be',
    inFront('-A FORWARD -d 172.17.0.2/32 -j DROP'),
    ['rule-stops'],
    'iptables -w -t filter -D FORWARD -d 172.17.0.2/32 -j DROP',
    'web',
  ],
  [
    'guests of another bridge: no more than they ask, where nothing but FORWARD keeps them from a container',
    bridgeWithGuest,
    ['guests-stopped'],
    'iptables -w -I DOCKER-USER -i virbr0 -o eth0 -j ACCEPT && iptables -w -I DOCKER-USER -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  ],
  [
    'guests of another bridge that somebody has let through',
    all(
      inUserChain('-A DOCKER-USER -i virbr0 -j ACCEPT', '-A DOCKER-USER -o virbr0 -j ACCEPT'),
      bridgeWithGuest,
    ),
    [],
  ],
  [
    "guests of a bridge of Docker's own that is not judged: who reaches it is not known, and nobody opens it",
    all(bridgeWithGuest, (facts) => ({
      ...facts,
      setAside: [{ what: 'network app', why: 'odd', bridges: ['virbr0'], addresses: [] }],
    })),
    [],
  ],
  ['a bridge without guests', all(bridgeWithGuest, onLink('vnet0', undefined)), []],
]);

const warningsOf = (change: Change, about?: string): readonly Check[] =>
  diagnose(change(healthyFacts()), { about, from: '' }).checks.filter(({ verdict }) => verdict === 'warn');

test.each([
  ["a rule in DOCKER-USER by the host's port", '-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 8080 -j DROP'],
  [
    "a rule in DOCKER-USER by several of the host's ports",
    '-A DOCKER-USER -p tcp -m multiport --dports 22,8080 -j REJECT',
  ],
  ["the host's own filter", '-A INPUT -p tcp -m tcp --dport 8080 -j DROP'],
  [
    "a rule in DOCKER-USER by the host's address and the container's port",
    '-A DOCKER-USER -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -j DROP',
  ],
])('%s closes nothing: said, with what does', (_, rule) => {
  const warnings = warningsOf(inUserChain(rule)).filter(({ code }) => code === 'closed-in-vain');
  expect(warnings.map(({ about }) => about)).toEqual(['web']);
  expect(warnings[0]?.remedies[0]?.commands).toEqual([
    'iptables -w -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP',
  ]);
});

test.each([
  ['DOCKER-USER', inUserChain('-A DOCKER-USER -i eth0 -d 192.0.2.1/32 -j DROP')],
  ["a table of nftables' own", withNative('forward', 'ip daddr 192.0.2.1 drop')],
])("a rule in %s by the host's address closes none of its ports: said once, with what does", (_, change) => {
  const warnings = warningsOf(change).filter(({ code }) => code === 'closed-in-vain');
  expect(warnings.flatMap(({ remedies }) => remedies.flatMap(({ commands }) => commands))).toEqual([
    'iptables -w -I DOCKER-USER -i eth0 -m conntrack --ctorigdst 192.0.2.1 --ctdir ORIGINAL -j DROP',
  ]);
});

test("a ban chain that is led the host's port: said, and led by the port that was asked", () => {
  const warnings = warningsOf(
    rewritten((save) =>
      edited(
        edited(save, /^:DOCKER-USER.*$/m, '$&\n:f2b-web - [0:0]'),
        '[22:1333] -A FORWARD -j DOCKER-USER',
        '$&\n[0:0] -A DOCKER-USER -p tcp -m multiport --dports 8080 -j f2b-web\n[0:0] -A f2b-web -j RETURN',
      ),
    ),
  ).filter(({ code }) => code === 'closed-in-vain');
  expect(warnings.map(({ title }) => title)).toEqual([
    'a rule in DOCKER-USER asks for port 8080, and packets for web have port 80 there: it leads nothing to f2b-web',
  ]);
  expect(warnings[0]?.remedies[0]?.commands).toEqual([
    'iptables -w -I DOCKER-USER -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j f2b-web',
  ]);
});

test.each([
  ['its own forward chain', 'forward', 'tcp dport 8080 drop'],
  ['its own forward chain, among others', 'forward', 'iifname "eth0" tcp dport { 22, 8080 } reject'],
  ['its own input chain', 'input', 'tcp dport { 22, 8080 } drop'],
])("%s in a table of nftables' own closes nothing: said, with what does", (_, hook, rule) => {
  const warnings = warningsOf(withNative(hook, rule)).filter(({ code }) => code === 'closed-in-vain');
  expect(warnings.map(({ about }) => about)).toEqual(['web']);
  expect(warnings[0]?.remedies[0]?.commands).toEqual([
    'iptables -w -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP',
  ]);
});

test.each([
  ["the container's port", '-A DOCKER-USER -p tcp -m tcp --dport 5353 -j DROP'],
  ['another port of the host', '-A DOCKER-USER -p tcp -m tcp --dport 8081 -j DROP'],
  ['a port of the host that is let in', '-A DOCKER-USER -p tcp -m tcp --dport 8080 -j ACCEPT'],
  ['a port that containers are not to ask', '-A DOCKER-USER -i docker0 -p tcp -m tcp --dport 8080 -j DROP'],
  [
    'a port outside, and its containers',
    '-A DOCKER-USER -s 172.17.0.0/16 -p tcp -m tcp --dport 8080 -j DROP',
  ],
  ["the host's network, which containers are not to ask", '-A DOCKER-USER -d 192.0.2.0/24 -j DROP'],
])('a rule by %s is none that was written in vain', (_, rule) => {
  expect(warningsOf(inUserChain(rule)).filter(({ code }) => code === 'closed-in-vain')).toEqual([]);
});

test("a rule by another container's port, which is this one's port of the host, was not written in vain", () => {
  const change = all(inUserChain('-A DOCKER-USER -p tcp -m tcp --dport 8080 -j DROP'), (facts) => ({
    ...facts,
    ports: facts.ports.flatMap((one) => [one, { ...one, container: 'mate', port: 8080, hostPort: 9090 }]),
  }));
  expect(warningsOf(change).filter(({ code }) => code === 'closed-in-vain')).toEqual([]);
});

test("a port that ufw's own rule lets in is not called closed in vain by what ufw denies this host", () => {
  const asked = (user: string) =>
    warningsOf(
      rewritten((save) => edited(inUfw(save, user), /^:INPUT ACCEPT/m, ':INPUT DROP')),
      ':8080',
    ).filter(({ code }) => code === 'closed-in-vain');
  const letIn = '[0:0] -A ufw-user-forward -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT';
  expect(asked(letIn)).toEqual([]);
  expect(asked('[0:0] -A ufw-user-forward -j ACCEPT')).toHaveLength(1);
});

test('what an operator closed is counted for a whole host, and no fault', () => {
  const warnings = warningsOf(inUserChain('-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 80 -j DROP'));
  expect(warnings.map(({ code, title }) => `${code}: ${title}`)).toEqual([
    'user-rule-stops: 2 paths are closed by a rule in filter DOCKER-USER: web',
  ]);
  expect(warnings[0]?.remedies[0]?.commands).toEqual(['rulesguard doctor 192.0.2.1:8080']);
});
