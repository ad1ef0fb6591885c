import { writeFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { oneIn } from '../../support/incident/share.ts';
import { describeCli, readJson } from '../../support/cli.ts';
import { withNftHost } from '../../support/nftables/cli.ts';
import { plain } from '../../support/nftables/plain.ts';
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

  test('what takes a part out of Docker’s tables, or stops packets beside them, is refused, and nothing changes', () =>
    withNftHost('plain', async ({ run, nft, tables }) => {
      await nft(['add', 'table', 'inet', 'mine']);
      const [, handle = ''] =
        /vmap @filter-forward-in-jumps # handle (\d+)/.exec(
          await nft(['-a', 'list', 'chain', 'ip', 'docker-bridges', 'filter-FORWARD']),
        ) ?? [];
      const before = await nft(['-s', 'list', 'ruleset']);
      for (const line of oneIn(2, [
        'nft delete element ip docker-bridges filter-forward-in-jumps {docker0}',
        `nft delete rule ip docker-bridges filter-FORWARD handle ${handle}`,
        'iptables -P FORWARD DROP',
        'nft add chain inet mine f {type filter hook forward priority 0;policy drop;}',
      ])) {
        const { code, said } = await run(`run -- ${line}`);
        expect({ line, code, said }).toMatchObject({
          code: 1,
          said: expect.stringMatching(/^\s*WOULD BREAK/) as string,
        });
      }
      expect(await nft(['-s', 'list', 'ruleset'])).toBe(before);
      expect(await tables()).not.toContain('no table');
    }));

  test('iptables -F and -t nat -F do no harm: they are made, and packets get where they did', () =>
    withNftHost('plain', (host) =>
      withPeople(host, async (ways) => {
        await host.host.sh('iptables -A INPUT -p tcp --dport 25 -j DROP');
        await host.host.sh('iptables -t nat -A PREROUTING -p tcp --dport 26 -j ACCEPT');
        const before = await host.tables();
        expect(await host.run('run -n -- nft add table inet mine')).toMatchObject({
          code: 0,
          said: expect.stringMatching(/^SAFE .* leaves \d\d rules of Docker's as they are/) as string,
        });
        for (const line of ['iptables -F', 'iptables -t nat -F', 'nft add table inet mine'])
          expect(await host.run(`run -- ${line}`)).toMatchObject({ code: 0, said: '\n' });
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

  test('--json names what is lost in Docker’s tables, and the way back', () =>
    withNftHost('plain', async ({ run }) => {
      const { code, stdout } = await run(
        'run -n --json -- nft flush chain ip docker-bridges nat-POSTROUTING',
      );
      expect(code).toBe(1);
      const schema = readJson(
        path.resolve(import.meta.dirname, '../../../schemas/forecast.schema.json'),
      ) as object;
      const validate = new Ajv2020.default({ strict: true }).compile(schema);
      expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true);
      expect(JSON.parse(stdout)).toMatchObject({
        verdict: 'would-break',
        by: 'rehearsal',
        reach: { wayBack: 'repair' },
        findings: [
          { kind: 'missing', table: 'docker-bridges', chain: 'nat-POSTROUTING' },
          { kind: 'missing', table: 'docker-bridges', chain: 'nat-POSTROUTING' },
        ],
        next: [{ does: 'repair' }],
      });
    }));

  test('a table of its user’s, and a named counter in one of Docker’s, are in the rehearsal too', () =>
    withNftHost('plain', async ({ run, nft }) => {
      await nft(
        ['-f', '-'],
        'add counter ip docker-bridges mine\nadd table inet mine\nadd chain inet mine c { type filter hook prerouting priority -310 ; }\nadd rule inet mine c ip saddr 192.0.2.0/24 tcp dport 8080 drop\n',
      );
      expect(await run('run -n -- nft flush ruleset')).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('--mode repair cannot take this back') as string,
      });
      expect(await run('run -n -- nft add set inet mine s {type ipv4_addr;}')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^SAFE/) as string,
      });
    }));

  test('while the Engine does not answer a baseline of its tables says what is lost; without one nothing is judged', () =>
    withNftHost('plain', async ({ run, host, tables }) => {
      const before = await tables();
      const line = ['run', '--', 'nft', 'flush', 'ruleset'];
      const blind = await host.attempt(line);
      expect(blind).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('systemctl start docker') as string,
      });
      expect(await run('snapshot')).toMatchObject({ code: 0 });
      expect(await host.attempt(line)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/WOULD BREAK .*Docker's rules/) as string,
      });
      expect(await host.attempt(['run', '-n', '--', 'iptables', '-F'])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^SAFE/) as string,
      });
      expect(await tables()).toBe(before);
      const repaired = await host.attempt(['run', '--mode', 'repair', '--', 'nft', 'flush', 'ruleset']);
      expect(repaired).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/REPAIRED/) as string,
      });
      expect(plain(await tables())).toBe(plain(before));
    }));
});
