import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { withNftHost } from '../../support/nftables/cli.ts';
import { HEALTHY, withPeople } from '../../support/nftables/peopled.ts';

/** As Debian installs it. */
const STOCK = `#!/usr/sbin/nft -f

flush ruleset

table inet filter {
	chain input {
		type filter hook input priority filter;
	}
	chain forward {
		type filter hook forward priority filter;
	}
	chain output {
		type filter hook output priority filter;
	}
}
`;

describeCli('run beside an Engine that writes with nftables', () => {
  test('flush ruleset is refused; made with --mode repair packets get where they did', () =>
    withNftHost('plain', (host) =>
      withPeople(host, async (ways) => {
        const before = await host.tables();
        const refused = await host.run('run -- nft flush ruleset');
        expect(refused).toMatchObject({ code: 1, stdout: '' });
        expect(refused.said).toContain('WOULD BREAK  nft flush ruleset: cuts ');
        expect(refused.said).toContain(
          'EXPOSURE  1 container reachable from outside, by its own address: web',
        );
        expect(refused.said).toContain(
          'To run it and repair what it breaks: rulesguard run --mode repair -- nft flush ruleset\nNot run.',
        );
        expect(await host.tables()).toBe(before);
        expect(await ways()).toEqual(HEALTHY);
        const made = await host.run('run --mode repair -- nft flush ruleset');
        expect(made).toMatchObject({ code: 0, said: expect.stringMatching(/^\s*REPAIRED/) as string });
        expect(await ways()).toEqual(HEALTHY);
        expect((await host.run('check')).said).toMatch(/^INTACT/);
      }),
    ));

  test('Debian’s stock nftables.conf is refused, as a command and as a candidate', () =>
    withNftHost('plain', async ({ run, tables, host }) => {
      const before = await tables();
      const file = path.join(host.folder, 'nftables.conf');
      writeFileSync(file, STOCK);
      for (const line of [`run -- nft -f ${file}`, `check --candidate ${file}`]) {
        const { code, said } = await run(line);
        expect({ line, code }).toEqual({ line, code: 1 });
        expect(said).toMatch(/^\s*WOULD BREAK/);
        expect(said).toContain(`rulesguard run --mode repair -- nft -f ${file}`);
      }
      expect(await tables()).toBe(before);
    }));

  test.each([
    'nft delete table ip docker-bridges',
    'nft flush chain ip docker-bridges raw-PREROUTING',
    'nft delete element ip docker-bridges filter-forward-in-jumps {docker0}',
    'nft delete rule ip docker-bridges filter-FORWARD handle HANDLE',
    'iptables -P FORWARD DROP',
    'nft add chain inet mine f {type filter hook forward priority 0;policy drop;}',
  ])('%s is refused, and nothing changes', (line) =>
    withNftHost('plain', async ({ run, nft, tables }) => {
      await nft(['add', 'table', 'inet', 'mine']);
      const [, handle = ''] =
        /vmap @filter-forward-in-jumps # handle (\d+)/.exec(
          await nft(['-a', 'list', 'chain', 'ip', 'docker-bridges', 'filter-FORWARD']),
        ) ?? [];
      const before = await nft(['-s', 'list', 'ruleset']);
      const { code, said } = await run(`run -- ${line.replace('HANDLE', handle)}`);
      expect({ code, said }).toMatchObject({
        code: 1,
        said: expect.stringMatching(/^\s*WOULD BREAK/) as string,
      });
      expect(await nft(['-s', 'list', 'ruleset'])).toBe(before);
      expect(await tables()).not.toContain('no table');
    }),
  );

  test('iptables -F and -t nat -F do no harm: they are made, and packets get where they did', () =>
    withNftHost('plain', (host) =>
      withPeople(host, async (ways) => {
        await host.host.sh('iptables -A INPUT -p tcp --dport 25 -j DROP');
        await host.host.sh('iptables -t nat -A PREROUTING -p tcp --dport 26 -j ACCEPT');
        const before = await host.tables();
        for (const line of ['iptables -F', 'iptables -t nat -F', 'nft add table inet mine']) {
          expect(await host.run(`run -n -- ${line}`)).toMatchObject({
            code: 0,
            said: expect.stringMatching(/^SAFE .* leaves \d\d rules of Docker's as they are/) as string,
          });
          expect(await host.run(`run -- ${line}`)).toMatchObject({ code: 0 });
        }
        expect(await host.host.sh('iptables -S')).not.toContain('--dport');
        expect(await host.tables()).toBe(before);
        expect(await ways()).toEqual(HEALTHY);
      }),
    ));

  test('made with --mode report: what it did is said, exit 1', () =>
    withNftHost('plain', async ({ run }) => {
      const { code, said } = await run(
        'run --mode report -- nft flush chain ip docker-bridges nat-POSTROUTING',
      );
      expect(code).toBe(1);
      expect(said).toContain('DAMAGED  nft flush chain ip docker-bridges nat-POSTROUTING: cuts ');
      expect(said).toContain('does not reach the outside: web');
      expect(said).toContain('rulesguard restore');
    }));
});
