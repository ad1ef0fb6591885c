import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { standingIn } from '../../../src/reach/judge/standing.ts';
import { chainOf, type HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { stateWithout } from '../../../src/reach/judge/without.ts';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import { flushed, withChain, without, withPolicy, withRule } from '../../support/app/edit-rules.ts';
import { judgedHost, judgements } from '../../support/reach/judged.ts';
import { ledOutBy, recordedTerrain, rulesOf, withRules, withSysctls } from '../../support/reach/terrain.ts';

const NAME = 'engine-28.5';
const host = recordedTerrain(NAME);

const judged = (change?: (rules: HostRules) => HostRules): readonly string[] =>
  judgements(judgedHost(NAME, host, change));

const first =
  (table: string, text: string) =>
  (rules: HostRules): HostRules =>
    withRule(rules, 'ipv4', table, text, 'first');

test('what is taken out is gone from the rules that neighbours are asked through as well', () => {
  const drop = '-A INPUT -p ipv6-icmp -j DROP';
  const { netState } = withRules(host, withRule(rulesOf(host), 'ipv6', 'filter', drop));
  const inputOf = ({ rulesets = [] }: Partial<NetworkState>) =>
    rulesets.flatMap(({ rules }) => chainOf(rules.ipv6, 'filter', 'INPUT')?.rules ?? []);
  const rule = inputOf(netState).find(({ text }) => text === drop);
  if (rule === undefined) throw new Error('no rule to take out');
  const decider = { by: 'rule', family: 'ipv6', hook: 'INPUT', variant: 'nft', table: 'filter' } as const;
  const left = stateWithout({ ...netState, whole: netState }, [{ ...decider, chain: 'INPUT', rule }]);
  expect([inputOf(left).includes(rule), inputOf(left.whole ?? netState).includes(rule)]).toEqual([
    false,
    false,
  ]);
});

test('a whole host differs in nothing', () => {
  expect(judged()).toEqual([]);
});

describe("rules of Docker's are lost", () => {
  test('nat flushed', () => {
    expect(judged((rules) => flushed(rules))).toMatchInlineSnapshot(`
      [
        "75 degraded lost: untranslated",
        "35 outage lost: other",
      ]
    `);
  });
  test('filter flushed, FORWARD drops', () => {
    expect(judged((rules) => withPolicy(flushed(rules, 'ipv4', 'filter'), 'ipv4', 'DROP')))
      .toMatchInlineSnapshot(`
      [
        "96 outage lost: policy of filter FORWARD",
      ]
    `);
  });
  test('the jump to DOCKER-USER is lost: what the operator closed is open', () => {
    const closed = first('filter', '-A DOCKER-USER -i eth0 -d 172.17.0.2/32 -j DROP');
    expect(judged(closed)).toMatchInlineSnapshot(`
      [
        "7 operator (outage) operator: filter -A DOCKER-USER -i eth0 -d 172.17.0.2/32 -j DROP",
        "2 outage overridden: filter -A DOCKER-USER -i eth0 -d 172.17.0.2/32 -j DROP",
      ]
    `);
    expect(judged((rules) => without(closed(rules), 'ipv4', 'filter', /-A FORWARD -j DOCKER-USER/)))
      .toMatchInlineSnapshot(`
      [
        "7 exposure lost: filter -A DOCKER-USER -i eth0 -d 172.17.0.2/32 -j DROP",
      ]
    `);
  });
});

describe('whole, and somebody decides before Docker', () => {
  test.each([
    ['filter', '-A FORWARD -j ACCEPT', ['16 exposure overridden']],
    ['filter', '-A FORWARD -j DROP', ['96 outage overridden']],
    ['filter', '-A FORWARD -i eth0 -j RETURN', ['85 outage overridden']],
    ['filter', '-A FORWARD -s 0.0.0.0/1 -j DROP', ['39 outage overridden']],
    ['filter', '-A FORWARD -m recent --rcheck -j DROP', ['96 unknown overridden']],
    ['raw', '-A PREROUTING -j ACCEPT', ['30 exposure overridden']],
    ['raw', '-A PREROUTING -p tcp -j NOTRACK', ['42 degraded overridden', '35 outage overridden']],
    [
      'nat',
      '-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:81',
      ['16 outage overridden'],
    ],
    ['nat', '-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 9', ['16 outage overridden']],
    ['nat', '-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT', ['4 degraded overridden']],
    ['nat', '-A POSTROUTING -s 172.17.0.0/16 -j ACCEPT', ['5 outage overridden']],
    ['filter', '-A DOCKER-USER -j DROP', ['96 operator (outage) operator']],
    ['filter', '-A DOCKER-USER -j ACCEPT', ['16 operator (exposure) operator']],
    ['filter', '-A DOCKER-USER -m recent --rcheck -j DROP', ['96 unknown overridden']],
    ['filter', '-A INPUT -j DROP', ['176 operator (outage) operator', '107 outage overridden']],
  ] as const)('%s %s', (table, rule, expected) => {
    expect(judged(first(table, rule))).toEqual(expected.map((line) => `${line}: ${table} ${rule}`));
  });
});

describe('a firewall of zones refuses a bridge', () => {
  const firewalld = (version: string, change: (text: string) => string = (text) => text) => {
    const file = new URL(`../../fixtures/nftables/firewalld-${version}.nft`, import.meta.url);
    const natives = [{ table: 'inet firewalld', text: change(readFileSync(file, 'latin1')) }];
    const found = judgements(judgedHost(NAME, { ...host, netState: { ...host.netState, natives } }));
    // What the host itself takes in, and what is not known of IPv6, is another matter.
    return found.filter((line) => line.includes('filter_FWD'));
  };

  test.each(['1.3.3', '2.5.2'])('in no zone of firewalld %s: nobody means that', (version) => {
    const found = firewalld(version);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((line) => / outage overridden: inet firewalld .*reject /.test(line))).toBe(true);
  });

  test('for all of this host, in panic mode: it is not meant to stay', () => {
    const chain = (name: string, hook: string) =>
      `\tchain ${name} { # handle 1\n\t\ttype filter hook ${hook} priority raw - 1; policy drop;\n\t}\n`;
    const text = `table inet firewalld_policy_drop { # handle 9\n${chain('raw_prerouting', 'prerouting')}${chain('raw_output', 'output')}}\n`;
    const natives = [{ table: 'inet firewalld_policy_drop', text }];
    const found = judgements(judgedHost(NAME, { ...host, netState: { ...host.netState, natives } }));
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((line) => !/ outage overridden: inet firewalld_policy_drop/.test(line))).toEqual([]);
  });

  test('that somebody has put into a zone: he does', () => {
    const zoned = firewalld('1.3.3', (text) =>
      text
        .replace('oifname "eth0" accept # handle 180', '')
        .replaceAll('iifname "docker0" goto filter_FWD_trusted', 'iifname != "lo" goto filter_FWD_public'),
    );
    expect(zoned.length).toBeGreaterThan(0);
    expect(zoned.every((line) => line.includes('operator (outage) operator: inet firewalld'))).toBe(true);
  });
});

describe('a chain that only bears the name of a program', () => {
  const through = (chain: string, ...rules: readonly string[]) =>
    judgements(judgedHost(NAME, host, inChain(chain, rules)));
  const inChain =
    (chain: string, rules: readonly string[]) =>
    (was: HostRules): HostRules =>
      [...rules, `-A FORWARD -j ${chain}`].reduce(
        (all, rule) => withRule(all, 'ipv4', 'filter', rule, 'first'),
        withChain(was, 'ipv4', 'filter', chain),
      );
  const open = '-A f2b-web -j ACCEPT';

  test('what it lets through is nobody’s will, unless it stood in the baseline', () => {
    expect(through('f2b-web', open)).toEqual([`16 exposure overridden: filter ${open}`]);
    const commented = '-A FORWARD -m comment --comment "kubernetes rules" -j ACCEPT';
    expect(judged(first('filter', commented))).toEqual([`16 exposure overridden: filter ${commented}`]);
    const stood = standingIn(judgedHost(NAME, host, inChain('f2b-web', [open])).cells);
    expect(judgements(judgedHost(NAME, host, inChain('f2b-web', [open]), stood))).toEqual([
      `16 operator (exposure) operator: filter ${open}`,
    ]);
  });

  test('a program that bans addresses bans nobody by closing a way for everybody', () => {
    const close = '-A f2b-web -i eth0 -j DROP';
    expect(through('f2b-web', close)).toEqual([`85 outage overridden: filter ${close}`]);
  });

  test('what ufw lets through is wanted where ufw is', () => {
    const allow = '-A ufw-user-forward -j ACCEPT';
    const isUfws = (was: HostRules): HostRules =>
      withChain(inChain('ufw-user-forward', [allow])(was), 'ipv4', 'filter', 'ufw-before-forward');
    expect(judged(isUfws)).toEqual([`16 operator (exposure) operator: filter ${allow}`]);
    expect(through('ufw-user-forward', allow)).toEqual([`16 exposure overridden: filter ${allow}`]);
  });
});

test('the kernel forwards nothing', () => {
  const names = [...host.netState.sysctls.keys()].filter((name) => /^ipv4\/.*forward/.test(name));
  const off = withSysctls(host, Object.fromEntries(names.map((name) => [name, '0'])));
  expect(judgements(judgedHost(NAME, off))).toMatchInlineSnapshot(`
    [
      "85 outage host: forwarding-off",
    ]
  `);
});

test('a rule of policy routing leads packets away: it is named, and not the policy that stops what it led away', () => {
  expect(judgements(judgedHost(NAME, ledOutBy(host)))).toMatchInlineSnapshot(`
    [
      "359 outage host: routing rule 5270 (table 52) leads it out by t0",
      "9 unknown docker: nat -A POSTROUTING -s 172.24.0.0/16 ! -o br-b106361817d9 -j SNAT --to-source 192.0.2.10",
    ]
  `);
});

describe('what stood in the newest baseline', () => {
  const reject = '-A FORWARD -i eth0 -j DROP';
  const before = first('filter', reject);
  const stood = standingIn(judgedHost(NAME, host, before).cells);

  test("is the operator's own, as long as it decides the same kinds of ways", () => {
    expect(judgements(judgedHost(NAME, host, before, stood))).toEqual([
      `85 operator (outage) operator: filter ${reject}`,
    ]);
  });

  test('what nobody can tell is wanted where it was so then, and nowhere else', () => {
    const vague = '-A DOCKER-USER -m recent --rcheck -j DROP';
    const known = standingIn(judgedHost(NAME, host, first('filter', vague)).cells);
    expect(judgements(judgedHost(NAME, host, first('filter', vague), known))).toEqual([
      `96 unknown operator: filter ${vague}`,
    ]);
    expect(judgements(judgedHost(NAME, host, first('filter', vague), stood))).toEqual([
      `96 unknown overridden: filter ${vague}`,
    ]);
  });

  test('another rule before Docker is not', () => {
    const both = (rules: HostRules): HostRules =>
      first('filter', '-A FORWARD -o eth0 -j DROP')(before(rules));
    expect(judgements(judgedHost(NAME, host, both, stood))).toMatchInlineSnapshot(`
      [
        "50 operator (outage) operator: filter -A FORWARD -i eth0 -j DROP",
        "35 outage overridden: filter -A FORWARD -o eth0 -j DROP",
      ]
    `);
  });

  test('a rule that decided nothing, and was moved before Docker, is not', () => {
    const behind = withRule(rulesOf(host), 'ipv4', 'filter', reject, 'last');
    expect(standingIn(judgedHost(NAME, host, () => behind).cells)).toEqual([]);
  });

  test('a rule for one container is no leave to close the next one in the same way', () => {
    const close = (address: string) => first('filter', `-A FORWARD -s ${address}/32 -o eth0 -j DROP`);
    const known = standingIn(judgedHost(NAME, host, close('172.18.0.2')).cells);
    const both = (rules: HostRules): HostRules => close('172.18.0.3')(close('172.18.0.2')(rules));
    expect(judgements(judgedHost(NAME, host, both, known)).map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'outage overridden: filter -A FORWARD -s 172.18.0.3/32 -o eth0 -j DROP',
      'operator (outage) operator: filter -A FORWARD -s 172.18.0.2/32 -o eth0 -j DROP',
    ]);
  });
});
