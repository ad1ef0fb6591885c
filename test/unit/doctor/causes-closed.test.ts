import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import { healthyFacts, onLink, onNetState, type Change } from '../../support/doctor/host-facts.ts';
import { all, describeCauses } from '../../support/doctor/causes.ts';
import { inFront, inUfw, inUserChain, rewritten } from '../../support/doctor/rule-changes.ts';

const UFW = rewritten((save) => inUfw(save));

const ALLOW_LIST = inUserChain(
  '-A DOCKER-USER -s 198.51.100.0/24 -i eth0 -j ACCEPT',
  '-A DOCKER-USER -i eth0 -j DROP',
);

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

/** An allow-list in a table of nftables' own. */
const ownAllowList = (...first: readonly string[]): Change =>
  onNetState(() => ({
    natives: [
      {
        table: 'inet own',
        text: [
          'table inet own { # handle 1\n\tchain fwd { # handle 2',
          '\t\ttype filter hook forward priority filter; policy accept;',
          ...first.map((rule) => `\t\t${rule}`),
          '\t\tiifname "eth0" ip saddr 198.51.100.0/24 accept # handle 4',
          '\t\tiifname "eth0" drop # handle 5\n\t}\n}\n',
        ].join('\n'),
      },
    ],
  }));

describeCauses('what an operator closed', [
  [
    "an allow-list of nftables' own that forgets answers: they are let through, and its drop stays",
    ownAllowList(),
    ['native-stops'],
    "nft insert rule inet own fwd handle 5 'ct state established,related accept'",
  ],
  [
    "an allow-list of nftables' own, and the port that it closes: opened, and nothing else",
    ownAllowList('ct state established,related accept # handle 3'),
    ['native-stops'],
    'nft insert rule inet own fwd handle 5 \'iifname "eth0" oifname "docker0" ip daddr 172.17.0.2 tcp dport 80 accept\'',
    ':8080',
  ],
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
    'what a rule of ufw itself closes, asked about: only one before it opens',
    rewritten((save) => inUfw(save, '-A ufw-user-forward -p tcp -m tcp --dport 80 -j DROP')),
    ['rule-stops'],
    'ufw route prepend allow in on eth0 proto tcp from any to 172.17.0.2 port 80',
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

test('what an operator closed is counted for a whole host, and no fault', () => {
  const closed = inUserChain('-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 80 -j DROP')(healthyFacts());
  const warnings = diagnose(closed, { about: undefined, from: '' }).checks.filter(
    ({ verdict }) => verdict === 'warn',
  );
  expect(warnings.map(({ code, title }) => `${code}: ${title}`)).toEqual([
    'user-rule-stops: 2 paths are closed by a rule in filter DOCKER-USER: web',
  ]);
  expect(warnings[0]?.remedies[0]?.commands).toEqual(['rulesguard doctor 192.0.2.1:8080']);
});
