import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Check } from '../../../src/doctor/diagnosis.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { all } from '../../support/doctor/causes.ts';
import { healthyFacts, onNetState, type Change } from '../../support/doctor/host-facts.ts';
import { inUfw, inUserChain, rewritten } from '../../support/doctor/rule-changes.ts';
import { edited } from '../../support/edited.ts';

const warningsOf = (change: Change, about?: string): readonly Check[] =>
  diagnose(change(healthyFacts()), { about, from: '' }).checks.filter(({ verdict }) => verdict === 'warn');

/** What doctor says of rules that were written to close a port and never see its packets. */
const inVain = (change: Change, about?: string): readonly Check[] =>
  warningsOf(change, about).filter(({ code }) => code === 'closed-in-vain');

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
  const warnings = inVain(inUserChain(rule));
  expect(warnings.map(({ about }) => about)).toEqual(['web']);
  expect(warnings[0]?.remedies[0]?.commands).toEqual([
    'iptables -w -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP',
  ]);
});

test.each([
  ['-s 203.0.113.0/24 -p tcp -m tcp --dport 8080', '-s 203.0.113.0/24 -i eth0 -p tcp'],
  ['! -s 198.51.100.0/24 -i eth0 -p tcp -m tcp --dport 8080', "'!' -s 198.51.100.0/24 -i eth0 -p tcp"],
  [
    '-p tcp -m tcp --dport 8080 -m set ! --match-set allowed src',
    "-i eth0 -p tcp -m set '!' --match-set allowed src",
  ],
])('a rule in vain for some clients alone (%s): what closes it is for them alone', (rule, asked) => {
  expect(inVain(inUserChain(`-A DOCKER-USER ${rule} -j DROP`))[0]?.remedies[0]?.commands).toEqual([
    `iptables -w -I DOCKER-USER ${asked} -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP`,
  ]);
});

test.each([
  inUserChain('-A DOCKER-USER -p tcp -m tcp --dport 8080 -m connlimit --connlimit-above 20 -j DROP'),
  withNative('forward', 'ip saddr != 198.51.100.0/24 tcp dport 8080 drop'),
])(
  'a rule in vain that asks what is not said again: its words are told, and no command closes more',
  (change) => {
    expect(inVain(change)[0]?.remedies).toEqual([
      {
        what: expect.stringMatching(/ -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL /) as unknown,
        commands: [],
      },
    ]);
  },
);

test.each([
  ['DOCKER-USER', inUserChain('-A DOCKER-USER -i eth0 -d 192.0.2.1/32 -j DROP')],
  ["a table of nftables' own", withNative('forward', 'ip daddr 192.0.2.1 drop')],
])("a rule in %s by the host's address closes none of its ports: said once, with what does", (_, change) => {
  const warnings = inVain(change);
  expect(warnings.flatMap(({ remedies }) => remedies.flatMap(({ commands }) => commands))).toEqual([
    'iptables -w -I DOCKER-USER -i eth0 -m conntrack --ctorigdst 192.0.2.1 --ctdir ORIGINAL -j DROP',
  ]);
});

test("a ban chain that is led the host's port: said, and led by the port that was asked", () => {
  const warnings = inVain(
    rewritten((save) =>
      edited(
        edited(save, /^:DOCKER-USER.*$/m, '$&\n:f2b-web - [0:0]'),
        '[22:1333] -A FORWARD -j DOCKER-USER',
        '$&\n[0:0] -A DOCKER-USER -p tcp -m multiport --dports 8080 -j f2b-web\n[0:0] -A f2b-web -j RETURN',
      ),
    ),
  );
  expect(warnings.map(({ title }) => title)).toEqual([
    'a rule in DOCKER-USER asks for port 8080, and packets for web have port 80 there: it leads nothing to f2b-web',
  ]);
  expect(warnings[0]?.remedies[0]?.commands).toEqual([
    'iptables -w -I DOCKER-USER -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j f2b-web',
  ]);
});

test('a ban chain of the variant that Docker does not write to is led by the tool of that variant', () => {
  const left = parseSave(
    [
      '*filter\n:FORWARD ACCEPT [0:0]\n:f2b-web - [0:0]',
      '-A FORWARD -p tcp -m multiport --dports 8080 -j f2b-web\n-A f2b-web -j RETURN\nCOMMIT\n',
    ].join('\n'),
  ).ruleset;
  const legacy: Change = onNetState(({ rulesets }) => ({
    rulesets: [...rulesets, { variant: 'legacy', rules: { ipv4: left, ipv6: { tables: new Map() } } }],
  }));
  const warnings = inVain(legacy);
  expect(warnings[0]?.remedies[0]?.commands).toEqual([
    'iptables-legacy -w -I FORWARD -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j f2b-web',
  ]);
});

test.each([
  ['its own forward chain', 'forward', 'tcp dport 8080 drop'],
  ['its own forward chain, among others', 'forward', 'iifname "eth0" tcp dport { 22, 8080 } reject'],
  ['its own input chain', 'input', 'tcp dport { 22, 8080 } drop'],
])("%s in a table of nftables' own closes nothing: said, with what does", (_, hook, rule) => {
  const warnings = inVain(withNative(hook, rule));
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
])('a rule by %s is none that was written in vain', (_, rule) => {
  expect(warningsOf(inUserChain(rule))).toEqual([]);
});

test("a rule by the host's network, which containers are not to ask, is none that was written in vain", () => {
  expect(inVain(inUserChain('-A DOCKER-USER -d 192.0.2.0/24 -j DROP'))).toEqual([]);
});

test("a rule by another container's port, which is this one's port of the host, was not written in vain", () => {
  const change = all(inUserChain('-A DOCKER-USER -p tcp -m tcp --dport 8080 -j DROP'), (facts) => ({
    ...facts,
    ports: facts.ports.flatMap((one) => [one, { ...one, container: 'mate', port: 8080, hostPort: 9090 }]),
  }));
  expect(inVain(change)).toEqual([]);
});

test("a port that ufw's own rule lets in is not called closed in vain by what ufw denies this host", () => {
  const asked = (user: string) =>
    inVain(
      rewritten((save) => edited(inUfw(save, user), /^:INPUT ACCEPT/m, ':INPUT DROP')),
      ':8080',
    );
  const letIn = '[0:0] -A ufw-user-forward -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT';
  expect(asked(letIn)).toEqual([]);
  expect(asked(letIn.replace('172.17.0.2/32', '172.17.0.0/16'))).toEqual([]);
  expect(asked('[0:0] -A ufw-user-forward -j ACCEPT')).toHaveLength(1);
});

test.each([
  [
    'port',
    '-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j DROP',
    'a rule in DOCKER-USER asks for connections to port 80, and outside asks web at port 8080: it does not close that',
    '-p tcp -m conntrack --ctorigdstport 8080',
  ],
  [
    "port at this host's address",
    '-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdst 192.0.2.1 --ctorigdstport 80 -j DROP',
    'a rule in DOCKER-USER asks for connections to port 80, and outside asks web at port 8080: it does not close that',
    undefined,
  ],
  [
    'address',
    '-A DOCKER-USER -i eth0 -m conntrack --ctorigdst 172.17.0.2 -j DROP',
    'a rule in DOCKER-USER asks for connections to address 172.17.0.2, and outside asks web at address 192.0.2.1: it does not close that',
    '-m conntrack --ctorigdst 192.0.2.1',
  ],
])(
  "a rule by what was asked that names the container's %s closes nothing from outside",
  (_, rule, says, by) => {
    const [warning] = inVain(inUserChain(rule));
    expect(warning?.title).toBe(says);
    expect(warning?.remedies[0]?.commands).toEqual(
      by === undefined ? [] : [`iptables -w -I DOCKER-USER -i eth0 ${by} --ctdir ORIGINAL -j DROP`],
    );
  },
);

test.each([
  ['this port', '-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8081 -j DROP'],
  ['what containers ask outside', '-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 80 -j DROP'],
  ['answers', '-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 80 --ctdir REPLY -j DROP'],
  ['whoever is let in', '-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 80 -j ACCEPT'],
])('a rule by what was asked that is not for %s was not written in vain', (_, rule) => {
  expect(inVain(inUserChain(rule))).toEqual([]);
});

test.each(['', '--ctorigdst 192.0.2.1 '])(
  "a rule by what was asked that closes another container's port was not written in vain: %s",
  (address) => {
    const change = all(
      inUserChain(`-A DOCKER-USER -i eth0 -p tcp -m conntrack ${address}--ctorigdstport 80 -j DROP`),
      (facts) => ({
        ...facts,
        ports: facts.ports.flatMap((one) => [one, { ...one, container: 'mate', port: 3000, hostPort: 80 }]),
      }),
    );
    expect(inVain(change)).toEqual([]);
  },
);
