import { describe, expect, test } from 'vitest';
import { check } from '../../../../src/app/check/check.ts';
import { diagnoseHost } from '../../../../src/app/diagnose/diagnose-host.ts';
import type { Check } from '../../../../src/doctor/diagnosis.ts';
import { makeRule } from '../../../../src/firewall/iptables/text/model.ts';
import { agreeHost, type AgreeHost } from '../../../support/agree/host.ts';
import { nftAgreeHost } from '../../../support/agree/nft-host.ts';
import { ownForward } from '../../../support/agree/nft-states.ts';
import type { StateChange } from '../../../support/agree/states.ts';

const silent = (): void => undefined;

/** What doctor says of a host, about a target or all of it. */
async function checksOf(host: AgreeHost, target?: string, from = ''): Promise<readonly Check[]> {
  const { diagnosis } = await diagnoseHost(host, { target, from, probe: false }, silent);
  return diagnosis.checks;
}

const commandsIn = (checks: readonly Check[], code: string): readonly string[] =>
  checks
    .filter((one) => one.code === code)
    .flatMap(({ remedies }) => remedies.flatMap(({ commands }) => commands));

/** DOCKER-USER as an earlier Engine left it, with rules in it, and who leads there. */
const leftUserChain =
  (rules: readonly string[], ...forward: readonly string[]): StateChange =>
  (netState) => {
    const chain = (name: string, policy: string, texts: readonly string[]) => ({
      ...{ name, policy, counters: '0:0' },
      rules: texts.map((text) => makeRule(text)),
    });
    const chains = [
      chain('INPUT', 'ACCEPT', []),
      chain('FORWARD', 'ACCEPT', forward),
      chain('OUTPUT', 'ACCEPT', []),
      chain('DOCKER-USER', '-', rules),
    ];
    const filter = { name: 'filter', chains: new Map(chains.map((one) => [one.name, one])) };
    const left = { ipv4: { tables: new Map([['filter', filter]]) }, ipv6: { tables: new Map() } };
    return { ...netState, rulesets: [{ variant: 'nft', rules: left }] };
  };

const CLOSING = '-A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP';

describe('rules of a DOCKER-USER of another time', () => {
  test('that nothing leads to close nothing, and a table of one’s own does', async () => {
    const checks = await checksOf(nftAgreeHost('plain', { state: leftUserChain([CLOSING]) }));
    expect(checks.find(({ code }) => code === 'closed-in-vain')?.meaning).toMatch(
      /Docker with nftables does not ask DOCKER-USER/,
    );
    expect(commandsIn(checks, 'closed-in-vain')).toEqual([
      expect.stringMatching(/^nft 'table inet host-filter .* ct original proto-dst 8080 drop/) as string,
    ]);
    expect(commandsIn(checks, 'leftover-chains')).toEqual([
      'iptables-nft-save -c | rulesguard strip | iptables-nft-restore -c',
    ]);
  });

  test('that are still met are the operator’s, and stripping them is not offered', async () => {
    const host = nftAgreeHost('plain', { state: leftUserChain([CLOSING], '-A FORWARD -j DOCKER-USER') });
    const checks = await checksOf(host);
    expect(checks.map(({ code }) => code)).toContain('user-rule-stops');
    expect(checks.map(({ code }) => code)).not.toContain('closed-in-vain');
    expect(commandsIn(checks, 'leftover-chains')).toEqual([]);
    expect(commandsIn(await checksOf(host, ':8080'), 'user-rule-stops')).toEqual([
      expect.stringMatching(/^iptables -w -I DOCKER-USER /) as string,
    ]);
  });
});

test('a ban in front of what is not wanted stays: only the rule that closes is deleted', async () => {
  const host = nftAgreeHost('plain', {
    state: ownForward(['ip saddr 203.0.113.9 drop', 'iifname "eth0" drop']),
  });
  const checks = await checksOf(host);
  expect(commandsIn(checks, 'native-stops')[0]).toBe('nft delete rule inet mine user handle 4');
});

test('a command that repairs nothing alone is not offered: neither by check, nor by doctor', async () => {
  const host = nftAgreeHost('plain', {
    state: ownForward(['iifname "eth0" tcp dport 80 drop', 'iifname "eth0" drop']),
  });
  const { removals } = await check(host, host.baselines, { baseline: undefined, source: 'both' }, silent);
  expect([...removals.values()]).not.toContain('nft delete rule inet mine user handle 3');
  expect(commandsIn(await checksOf(host, ':8080', 'outside'), 'native-stops')[0]).toMatch(
    /^nft insert rule inet mine user handle 3 .*ip daddr 172\.17\.0\.2 tcp dport 80 accept'$/,
  );
});

const closedForward =
  (...own: readonly string[]): StateChange =>
  (netState) => {
    const chains = ['INPUT', 'FORWARD', 'OUTPUT', ...own].map((name) => ({
      ...{ name, counters: '0:0', rules: [] },
      policy: own.includes(name) ? '-' : name === 'FORWARD' ? 'DROP' : 'ACCEPT',
    }));
    const filter = { name: 'filter', chains: new Map(chains.map((one) => [one.name, one])) };
    const rules = { ipv4: { tables: new Map([['filter', filter]]) }, ipv6: { tables: new Map() } };
    return { ...netState, rulesets: [{ variant: 'nft', rules }] };
  };

test.each([
  ['left by an Engine is opened again', [], ['iptables -w -t filter -P FORWARD ACCEPT'], true],
  [
    'that a firewall keeps is not: it stands open until that is loaded again',
    ['ufw-before-forward'],
    [],
    false,
  ],
] as const)('a policy DROP of FORWARD %s', async (_, own, opened, isNoticed) => {
  const host = nftAgreeHost('plain', { state: closedForward(...own) });
  const { removals, observation } = await check(
    host,
    host.baselines,
    { baseline: undefined, source: 'both' },
    silent,
  );
  expect([...new Set(removals.values())]).toEqual(opened);
  expect(observation.findings.some(({ consequence }) => consequence.startsWith('its policy is DROP'))).toBe(
    isNoticed,
  );
  const offered = commandsIn(await checksOf(host), 'policy-stops');
  expect(offered.some((command) => command.includes('-P FORWARD ACCEPT'))).toBe(own.length === 0);
});

test('a network without masquerading is masqueraded in a table of one’s own', async () => {
  const [name = ''] = (await nftAgreeHost('no-masquerade').readContainers({} as never)).map(
    (one) => one.name,
  );
  const commands = commandsIn(await checksOf(nftAgreeHost('no-masquerade'), name), 'masquerade-off');
  expect(commands).toEqual([
    expect.stringMatching(
      /^nft 'table ip host-nat \{ chain postrouting \{ type nat hook postrouting priority srcnat; .* masquerade; \}; \}'$/,
    ) as string,
  ]);
});

test('containers that icc=false keeps apart: no rule of another table is offered', async () => {
  const checks = await checksOf(nftAgreeHost('icc-false'), 'hermit', 'mate');
  const found = checks.find(({ code }) => code === 'icc-off');
  expect(found?.remedies.map(({ what, commands }) => [what, commands])).toEqual([
    [expect.stringMatching(/^put both on a network made without icc=false/) as string, []],
  ]);
});

test('what Docker does not translate is not lost: IPv6 of an Engine with ip6tables=false', async () => {
  for (const host of [nftAgreeHost('no-ip6tables'), agreeHost('engine-29.7-no-ip6tables')])
    expect((await checksOf(host)).map(({ code }) => code)).not.toContain('translation-lost');
});
