import { expect, test } from 'vitest';
import { confirming, describeCli, withHost, type CliHost } from '../../support/cli.ts';

const NFT_RULE = 'ip saddr { 198.51.100.3, 198.51.100.4 } drop';

/** Runs nft's own syntax. */
async function nft(host: CliHost, text: string): Promise<string> {
  const { code, stdout, stderr } = await host.ns.exec('nft', ['-f', '-'], { input: text });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

const userRules = async (host: CliHost): Promise<readonly string[]> =>
  (await host.sh('iptables -S DOCKER-USER')).split('\n').filter((line) => line.startsWith('-A'));

const WITHIN = `table ip filter {
  set bad { type ipv4_addr; elements = { 198.51.100.3 }; }
  chain mine { type filter hook forward priority -1; policy accept; ip saddr @bad drop; tcp dport { 25, 26 } drop; }
}
add rule ip filter DOCKER-USER ip saddr @bad counter drop
`;

/** What nft keeps in iptables' table. */
const listed = async (host: CliHost): Promise<string> =>
  (await host.ns.exec('nft', ['-s', 'list', 'table', 'ip', 'filter'])).stdout;

describeCli('rules that nft wrote among those of iptables', () => {
  test('are told, never recorded and never written, nor what stands behind them', () =>
    withHost(async (host) => {
      await host.sh('iptables -A DOCKER-USER -s 203.0.113.7 -j DROP');
      await nft(host, `add rule ip filter DOCKER-USER ${NFT_RULE}`);
      await host.sh('iptables -A DOCKER-USER -s 203.0.113.8 -j ACCEPT');
      const { code, stderr } = await host.attempt(['snapshot']);
      expect(code).toBe(0);
      expect(stderr).toContain(`not recorded: filter DOCKER-USER: -A DOCKER-USER (nft) ${NFT_RULE}`);
      expect(stderr.split(NFT_RULE)).toHaveLength(2);
      // It stands behind a rule that cannot be read: what it did depended on what that let by.
      expect(stderr).toContain(
        'not recorded: filter DOCKER-USER: -A DOCKER-USER -s 203.0.113.8/32 -j ACCEPT',
      );
      const check = await host.run('check');
      expect(check).toMatch(/^INTACT/);
      expect(check).toContain('filter DOCKER-USER  unreadable');
      expect(check).toContain(NFT_RULE);

      await host.sh('iptables -F DOCKER-USER');
      expect(await host.run('check', 1)).toContain('it could not be recorded');
      expect(await host.run('restore', 1)).toContain(`left out  filter DOCKER-USER  (nft) ${NFT_RULE}`);
      expect(await userRules(host)).toEqual(['-A DOCKER-USER -s 203.0.113.7/32 -j DROP']);
    }));

  test('pose as none of Docker’s: the rule whose words a save gives them is missing, and comes back', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const rules = (await host.sh('iptables -S FORWARD')).split('\n');
      const entry = rules.find((line) => line.endsWith('-j DOCKER-FORWARD')) ?? '';
      await host.sh(`iptables ${entry.replace('-A', '-D')}`);
      await nft(host, 'add rule ip filter FORWARD ip saddr { 192.0.2.1, 192.0.2.2 } jump DOCKER-FORWARD');
      expect((await host.sh('iptables -S FORWARD')).split('\n')).toContain(entry);
      expect(await host.run('check --rules', 1)).toMatch(/FORWARD {2}missing/);
      await host.run('restore --assume-unchanged');
      expect(await host.run('check')).toMatch(/^INTACT/);
      expect(await listed(host)).toContain('ip saddr { 192.0.2.1, 192.0.2.2 } jump DOCKER-FORWARD');
    }));

  test.each([
    'iptables -F DOCKER-USER',
    'iptables -D DOCKER-USER 1',
    'nft flush chain ip filter DOCKER-USER',
  ])('are a loss when they go: %s', (change) =>
    withHost(async (host) => {
      await nft(host, `add rule ip filter DOCKER-USER ${NFT_RULE}`);
      const told = await host.run(`run --dry-run -- ${change}`, 1);
      expect(told).toMatch(/^WOULD BREAK/);
      expect(told).toContain(NFT_RULE);
    }),
  );

  test('where nft is missing, what stands in DOCKER-USER is neither recorded nor restored; the rest is', () =>
    withHost(async (host) => {
      await host.sh('iptables -A DOCKER-USER -s 203.0.113.7 -j DROP');
      await host.run('snapshot');
      await host.sh('iptables -F DOCKER-USER');
      await host.sh('iptables -t nat -F');
      const nowhere = [
        'unshare',
        '-m',
        'sh',
        '-c',
        'mount --bind /dev/null "$(command -v nft)"; exec "$@"',
        '-',
      ];
      const blind = (...args: string[]) => host.attempt(args, { through: nowhere });
      const { code, stdout, stderr } = await blind('restore', '--assume-unchanged');
      expect({ code, noted: stderr.match(/not verified/g)?.length }).toEqual({ code: 1, noted: 1 });
      expect(stdout).toContain('-s 203.0.113.7/32 -j DROP: it could not be verified against nft');
      expect(await userRules(host)).toEqual([]);
      expect((await blind('check')).stdout).not.toContain('nat');
      expect(await host.run('restore')).toMatch(/^REPAIRED/);
      expect(await userRules(host)).toHaveLength(1);

      await host.sh('iptables -A DOCKER-USER -s 203.0.113.9 -j DROP');
      const snapshot = await blind('snapshot');
      expect(snapshot.stderr).toMatch(/not recorded: .*203\.0\.113\.9/);
      expect(snapshot.stderr).not.toMatch(/not recorded: .*203\.0\.113\.7/);
    }));

  test.each(['iptables -F', 'nft flush ruleset', 'nft flush chain ip filter mine'])(
    'and the chains and sets beside them are as they were when %s is not confirmed',
    (change) =>
      withHost(async (host) => {
        await nft(host, WITHIN);
        const before = await listed(host);
        const { code } = await host.attempt(confirming(1, ...change.split(' ')));
        expect(code).toBe(1);
        expect(await listed(host)).toBe(before);
      }),
  );

  test('are there in a rehearsal; one that a change adds before Docker’s rules makes it unknown', () =>
    withHost(async (host) => {
      await nft(host, WITHIN);
      await host.run('snapshot');
      const told = (command: string) => host.attempt(['run', '--dry-run', '--', 'sh', '-c', command]);
      expect((await told('nft list chain ip filter mine && iptables -A INPUT -j ACCEPT')).code).toBe(0);
      const { code, stderr } = await told(`nft 'insert rule ip filter FORWARD ${NFT_RULE}'`);
      expect(code).toBe(3);
      expect(stderr).toContain('iptables cannot read in full');
    }));
});
