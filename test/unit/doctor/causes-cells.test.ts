import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Facts } from '../../../src/doctor/facts/facts.ts';
import { describeCauses } from '../../support/doctor/causes.ts';
import {
  healthyFacts,
  onNetState,
  sysctls,
  withRoute,
  type Change,
} from '../../support/doctor/host-facts.ts';
import { judged, routedUplink } from '../../support/doctor/judged-facts.ts';
import { inFront, inUserChain, lost } from '../../support/doctor/rule-changes.ts';
import { edited } from '../../support/edited.ts';

const native = (text: string): Change =>
  onNetState(() => ({
    natives: [{ table: 'inet filter', text: `table inet filter { # handle 1\n${text}}\n` }],
  }));

/** Closes what was marked, which is what comes in by the second uplink. */
const MARKED = `	chain pre { # handle 1
		type filter hook prerouting priority mangle; policy accept;
		iifname "eth1" meta mark set 0x9 # handle 4
	}
	chain forward { # handle 2
		type filter hook forward priority filter - 5; policy accept;
		meta mark 0x9 drop # handle 5
	}
`;

const NO_ETH1 = '-A FORWARD -i eth1 -j DROP';

/** Answers to the second uplink's neighbour have a route by the first. */
const ledAway: Change = withRoute({ to: '198.51.100.2/32', via: '192.0.2.2', dev: 'eth0' });

describeCauses('what no path meets, and check finds by packets', [
  ['two uplinks, and nothing between', judged(routedUplink), []],
  [
    'a rule closes the second uplink',
    judged(routedUplink, inFront(NO_ETH1)),
    ['reach-differs'],
    'iptables -w -t filter -D FORWARD -i eth1 -j DROP',
  ],
  [
    'the same, asked about a container',
    judged(routedUplink, inFront(NO_ETH1)),
    ['reach-differs'],
    '-D',
    'web',
  ],
  ['the same, asked about a port', judged(routedUplink, inFront(NO_ETH1)), ['reach-differs'], '-D', ':8080'],
  [
    'the same, asked about the port as the first uplink knows it',
    judged(routedUplink, inFront(NO_ETH1)),
    [],
    undefined,
    '192.0.2.1:8080',
    'eth0',
  ],
  [
    "the same by the operator's own rule",
    judged(routedUplink, inUserChain('-A DOCKER-USER -i eth1 -j DROP')),
    [],
  ],
  [
    'a table of nftables own drops by mark',
    judged(routedUplink, native(MARKED)),
    ['reach-differs'],
    'nft delete rule inet filter forward handle 5',
  ],
  [
    'a masquerade in front hides who asks',
    judged(inFront('-A POSTROUTING -j MASQUERADE')),
    ['reach-differs'],
    'iptables -w -t nat -D POSTROUTING -j MASQUERADE',
  ],
  ['answers of one uplink are led to the other', judged(routedUplink, ledAway), ['reach-differs']],
  [
    'a rule that a path met is told once',
    judged(routedUplink, inFront('-A FORWARD -j DROP')),
    ['rule-stops'],
  ],
  [
    'forwarding off is told once',
    judged(routedUplink, sysctls({ 'ipv4/ip_forward': '0', 'ipv4/conf/all/forwarding': '0' })),
    ['forwarding-off'],
  ],
]);

test("what the operator's own rule closes, and no path meets, is counted and no fault", () => {
  const rule = '-A DOCKER-USER -i eth1 -j DROP';
  const facts = judged(routedUplink, inUserChain(rule))(healthyFacts());
  const { verdict, checks } = diagnose(facts, { about: undefined, from: '' });
  expect(verdict).toBe('ok');
  const warnings = checks.filter((check) => check.verdict === 'warn');
  expect(warnings.map(({ code, title }) => `${code}: ${title}`)).toEqual([
    expect.stringMatching(/^user-rule-stops: \d+ ways are closed by a rule in filter DOCKER-USER: web/),
  ]);
  expect(warnings[0]?.evidence[0]).toBe(rule);
});

test('what decides is shown, with who asks whom', () => {
  const facts = judged(routedUplink, inFront(NO_ETH1))(healthyFacts());
  const [cause] = diagnose(facts, { about: undefined, from: '' }).causes;
  expect(cause).toMatchObject({
    title: '2 published ports unreachable from outside by eth1, and 4 more ways',
    about: 'web and mate',
    meaning: "a rule in filter FORWARD that is not Docker's decides it",
  });
  expect(cause?.evidence[0]).toBe('-A FORWARD -i eth1 -j DROP');
});

/** Rules of IPv4 lost, and judged by what a restore gives back; no failed check tells it. */
function withLost(pattern: RegExp): Facts {
  const facts = judged(lost((save) => edited(save, pattern, '')))(healthyFacts());
  const [repaired] = healthyFacts().netState.rulesets;
  return { ...facts, judging: facts.judging && { ...facts.judging, repaired } };
}

test.each([
  ['that a path has met is told once', /.*-A POSTROUTING .*MASQUERADE\n/, 'not-masqueraded'],
  ['that no path meets is a cause', /.*-A PREROUTING -d 172\.17\.0\.2\/32 .*DROP\n/, 'reach-differs'],
] as const)("a loss of Docker's %s", (_, pattern, code) => {
  const { causes } = diagnose(withLost(pattern), { about: undefined, from: '' });
  expect(causes.map((cause) => cause.code)).toEqual([code]);
  expect(causes[0]?.remedies[0]?.commands).toEqual(['rulesguard restore']);
});

test("what nobody can tell of a rule that is not the operator's is no fault, and not healthy", () => {
  const rule = '-A FORWARD -i eth1 -m recent --rcheck --name guests --mask 255.255.255.255 --rsource -j DROP';
  const facts = judged(routedUplink, inFront(rule))(healthyFacts());
  const { verdict, causes, checks } = diagnose(facts, { about: undefined, from: '' });
  expect(causes).toEqual([]);
  expect(verdict).toBe('unknown');
  expect(checks.filter((check) => check.verdict === 'unknown').map(({ code }) => code)).toEqual([
    'path-unknown',
  ]);
});
