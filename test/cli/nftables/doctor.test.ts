import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { oneIn } from '../../support/incident/share.ts';
import { withNftHost, type NftHost } from '../../support/nftables/cli.ts';
import { HEALTHY, withPeople } from '../../support/nftables/peopled.ts';

interface Cause {
  readonly code: string;
  readonly title: string;
  readonly meaning: string;
  readonly evidence: readonly string[];
  readonly remedies: readonly { readonly commands: readonly string[] }[];
}

/** The causes that doctor tells, the first to fix first. */
async function causesOf({ run }: NftHost, about = ''): Promise<readonly Cause[]> {
  const { stdout } = await run(`doctor${about} --json`);
  return (JSON.parse(stdout) as { readonly causes: readonly Cause[] }).causes;
}

const HALF_HEAL = ['filter-FORWARD', 'nat-POSTROUTING', 'nat-PREROUTING', 'nat-OUTPUT']
  .flatMap((chain) => [`flush chain ip docker-bridges ${chain}`, `delete chain ip docker-bridges ${chain}`])
  .join('\n');

const own = (policy: string, ...rules: readonly string[]): string =>
  `table inet mine { chain user { type filter hook forward priority filter - 10; policy ${policy}; ${rules.map((rule) => `${rule};`).join(' ')} }; }`;

/** Makes a chain of Docker's name, and a policy that nothing but it opened. */
async function leftByIptables({ host }: NftHost): Promise<void> {
  await host.sh('iptables -N DOCKER-USER');
  await host.sh('iptables -A DOCKER-USER -j RETURN');
  await host.sh('iptables -P FORWARD DROP');
}

const nft =
  (text: string) =>
  (host: NftHost): Promise<unknown> =>
    host.nft(['-f', '-'], text);

describeCli('doctor beside an Engine that writes with nftables', () => {
  test('a healthy host: no fault, exit 0, in every form; nothing is changed', () =>
    withNftHost(
      'plain',
      async ({ run, tables, host }) => {
        const before = await tables();
        const told = await run('doctor');
        expect(told).toMatchObject({ code: 0, stdout: expect.stringMatching(/^HEALTHY/) as string });
        expect(told.said).toContain('Engine 29.7.2, nftables');
        const { stdout } = await run(
          `doctor --json --html ${host.folder}/p.html --bundle ${host.folder}/b.tgz`,
        );
        expect(JSON.parse(stdout)).toMatchObject({
          verdict: 'ok',
          firewallBackend: 'nftables',
          variant: 'nft',
        });
        const listed = await host.sh(`tar -xzOf ${host.folder}/b.tgz --wildcards *docker-bridges*`);
        expect(listed).toContain('filter-FORWARD');
        expect(await host.sh(`cat ${host.folder}/p.html`)).toContain('nftables');
        expect(await tables()).toBe(before);
      },
      // Of a container that nobody runs here nothing could be seen.
      { account: (account) => ({ ...account, containers: [], inspects: [] }) },
    ));

  test('and one with a container: each way is as it should be, and so says reach', () =>
    withNftHost('plain', async ({ run }) => {
      const { said } = await run('doctor');
      expect(said).toContain('18 paths, all as they should be');
      expect(said).not.toContain('FAULT');
      expect(await run('reach')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^HEALTHY {2}all 37 ways/) as string,
      });
    }));

  const HARM: readonly (readonly [
    what: string,
    harm: (host: NftHost) => Promise<unknown>,
    code: string,
    says: RegExp,
    command: RegExp,
  ])[] = [
    [
      'flush ruleset',
      nft('flush ruleset'),
      'tables-lost',
      /tables ip docker-bridges and ip6 docker-bridges of nftables are gone open: .* own address; cut: 1 container does not reach the outside/,
      /^rulesguard restore$/,
    ],
    [
      'half-healed',
      nft(HALF_HEAL),
      'half-healed',
      /ip docker-bridges of nftables is half-healed.* cut: 1 container does not reach the outside/,
      /^rulesguard restore$/,
    ],
    [
      'a drop of the operator’s own',
      nft(own('accept', 'ip saddr 203.0.113.9 drop', 'iifname "eth0" tcp dport 80 drop')),
      'native-stops',
      /closed by a rule in chain user of table inet mine: .* it is not Docker's/,
      /^nft delete rule inet mine user handle 3$/,
    ],
    [
      'a policy of the operator’s own',
      nft(own('drop', 'iifname "wg0" accept')),
      'native-stops',
      /closed by the policy of chain user of table inet mine/,
      /^nft insert rule inet mine user [io]ifname/,
    ],
    [
      'a drop within a chain of Docker’s',
      nft('insert rule ip docker-bridges filter-forward-in__docker0 iifname "eth0" counter drop'),
      'native-stops',
      /a rule in chain filter-forward-in__docker0/,
      /^nft delete rule ip docker-bridges filter-forward-in__docker0 handle \d+$/,
    ],
    [
      'a port taken by somebody’s translation',
      nft(
        'table ip take { chain pre { type nat hook prerouting priority -110; tcp dport 8080 dnat to 172.17.0.2:81; }; }',
      ),
      'misrouted',
      /routed to the wrong target/,
      /^nft delete rule ip take pre handle \d+$/,
    ],
    [
      'iptables left closed by a switch-over',
      leftByIptables,
      'policy-stops',
      /policy of filter FORWARD drops packets.* left from when its firewall backend was iptables/,
      /^iptables -w -t filter -P FORWARD ACCEPT$/,
    ],
  ];

  test.each(oneIn(2, HARM))(
    '%s: one cause, and its commands give back what packets could do, and no more',
    (_, harm, code, says, command) =>
      withNftHost('plain', (host) =>
        withPeople(host, async (ways) => {
          await harm(host);
          expect(await ways()).not.toEqual(HEALTHY);
          const [cause, ...others] = await causesOf(host);
          expect(others).toEqual([]);
          expect(cause?.code).toBe(code);
          expect(`${cause?.title ?? ''} ${cause?.meaning ?? ''}`).toMatch(says);
          const commands = cause?.remedies[0]?.commands ?? [];
          expect(commands.length).toBeGreaterThan(0);
          for (const one of commands) {
            expect(one).toMatch(command);
            if (one.startsWith('rulesguard '))
              expect(await host.run(one.slice('rulesguard '.length))).toMatchObject({ code: 0 });
            else expect(await host.host.ns.exec('sh', ['-ec', one])).toMatchObject({ code: 0 });
          }
          expect(await ways()).toEqual(HEALTHY);
          expect((await host.run('check')).code).toBe(0);
        }),
      ),
  );

  test('what a recorded rule of one’s own closes: asked about by name, it is let out of that rule and no other', () =>
    withNftHost('plain', (host) =>
      withPeople(host, async (ways) => {
        await host.nft(['-f', '-'], own('accept', 'ip saddr 203.0.113.9 drop', 'iifname "eth0" drop'));
        expect(await host.run('snapshot')).toMatchObject({ code: 0 });
        expect(await host.run('doctor')).toMatchObject({
          said: expect.not.stringContaining('FAULT') as string,
        });
        const [cause] = await causesOf(host, ' :8080');
        expect(`${cause?.title ?? ''} ${cause?.meaning ?? ''}`).toMatch(
          /^closed by a rule in chain user of table inet mine: .* it is your own/,
        );
        const [command = ''] = cause?.remedies[0]?.commands ?? [];
        expect(command).toMatch(/^nft insert rule inet mine user handle 3 /);
        await host.host.ns.exec('sh', ['-ec', command]);
        expect(await host.nft(['list', 'chain', 'inet', 'mine', 'user'])).toMatch(
          /203\.0\.113\.9 drop\n.*172\.17\.0\.2 .*accept\n.*"eth0" drop/,
        );
        expect(await ways()).toMatchObject({
          published: '192.0.2.2',
          ownAddress: 'closed',
          unpublished: 'closed',
        });
      }),
    ));

  test('a port that a filter of the host’s own denies in vain is closed in a table of one’s own', () =>
    withNftHost('plain', (host) =>
      withPeople(host, async (ways) => {
        await host.nft(
          ['-f', '-'],
          'table inet mine { chain input { type filter hook input priority 0; tcp dport 8080 drop; }; }',
        );
        const { stdout } = await host.run('doctor --json');
        const { checks } = JSON.parse(stdout) as { readonly checks: readonly Cause[] };
        const found = checks.find(({ code }) => code === 'closed-in-vain');
        const [command = ''] = found?.remedies[0]?.commands ?? [];
        expect(command).toMatch(/^nft 'table inet host-filter /);
        expect(await host.host.ns.exec('sh', ['-ec', command])).toMatchObject({ code: 0 });
        expect(await ways()).toEqual({ ...HEALTHY, published: 'closed' });
      }),
    ));

  test('real packets show what Docker’s own tables count', () =>
    withNftHost('plain', (host) =>
      withPeople(host, async () => {
        const { stdout } = await host.run('doctor :8080 --probe --json');
        const { checks } = JSON.parse(stdout) as { readonly checks: readonly Cause[] };
        const proven = checks.filter(({ code }) => code.startsWith('proof-'));
        expect(new Set(proven.map(({ code }) => code))).toEqual(new Set(['proof-passed']));
        expect(proven[0]?.evidence).toContainEqual(
          expect.stringMatching(
            /^nft ip docker-bridges nat-prerouting-and-output: .* tcp dport 8080 counter dnat to 172\.17\.0\.2:80 .*\(1 \S+ \d+ packets\)$/,
          ),
        );
      }),
    ));
});
