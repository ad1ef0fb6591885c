import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withEmptyHost, withHost, type CliHost } from '../../support/cli.ts';
import { inForce } from '../../support/generate/neighbourhood.ts';

const CLOSE = '-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 5432 -j DROP';

const fileOf = (host: CliHost, name = 'docker-user.v4'): string => path.join(host.folder, 'declared', name);

const content = async (host: CliHost): Promise<readonly string[]> =>
  (await inForce(host)).flatMap((line) => / (-A DOCKER-USER .*)/.exec(line)?.[1] ?? []);

function put(host: CliHost, text: string): string {
  const file = fileOf(host);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

describeCli('what is declared for DOCKER-USER', () => {
  test('is written from the live rules, with what is let be, and is a file that iptables-restore loads', () =>
    withHost(async (host) => {
      await host.sh('iptables -N f2b-web');
      await host.sh(`iptables ${CLOSE}`);
      await host.sh('iptables -I DOCKER-USER -p tcp -j f2b-web');
      const { code, stdout, stderr } = await host.attempt(['snapshot', '--declare']);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr:
          'not declared, left as is: filter DOCKER-USER: -A DOCKER-USER -p tcp -j f2b-web: it leads to chain f2b-web, which another program makes\n',
      });
      expect(stdout).toMatch(/^\+-A DOCKER-USER -i eth0 .*^DECLARED {2}1 rule of DOCKER-USER/ms);
      expect(statSync(fileOf(host)).mode & 0o777).toBe(0o600);
      expect((await host.ns.exec('iptables-nft-restore', ['--test', '-n', fileOf(host)])).code).toBe(0);
      expect(await host.run('snapshot --declare')).toMatch(/^UNCHANGED/);
    }));

  test('is held: a flush is damage, and a restore brings it back beside what came since', () =>
    withHost(async (host) => {
      await host.sh(`iptables ${CLOSE}`);
      await host.run('snapshot');
      await host.run('snapshot --declare');
      await host.sh('iptables -F DOCKER-USER');
      await host.sh('iptables -A DOCKER-USER -i eth1 -j DROP');
      expect(await host.run('check', 1)).toMatch(/^DAMAGED .*1 exposure.*declared for DOCKER-USER is gone/s);
      expect(await host.run('check --diff', 1)).toContain(`\n-${CLOSE}\n`);
      await host.run('restore');
      expect(await content(host)).toEqual(expect.arrayContaining([CLOSE, '-A DOCKER-USER -i eth1 -j DROP']));
      expect(await host.run('check', 0)).toMatch(/^INTACT/);
      expect(await host.run('check --all', 0)).toContain('not declared; left as is');
    }));

  test('is replaced on the word of the operator alone', () =>
    withHost(async (host) => {
      await host.sh(`iptables ${CLOSE}`);
      await host.run('snapshot --declare');
      await host.sh('iptables -F DOCKER-USER');
      const before = readFileSync(fileOf(host), 'utf8');
      expect(await host.run('snapshot --declare', 1)).toMatch(
        /NOT DECLARED {2}.*--declare --yes.*rulesguard restore/s,
      );
      expect(readFileSync(fileOf(host), 'utf8')).toBe(before);
      expect(await host.run('snapshot --declare --yes')).toMatch(/DECLARED {2}0 rules/);
    }));

  test.each(['nft', 'legacy'] as const)(
    'comes back with %s though no Engine and no baseline is there',
    (variant) =>
      withHost(
        async (host) => {
          put(host, `*filter\n:FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]\n${CLOSE}\nCOMMIT\n`);
          await host.sh('iptables -P FORWARD ACCEPT');
          await host.sh('iptables -F DOCKER-USER');
          expect(await host.run('restore --source declared')).toMatch(/^REPAIRED/);
          expect(await content(host)).toEqual([CLOSE]);
          expect(await host.sh('iptables -S FORWARD')).toContain('-P FORWARD DROP');
          expect(await host.run('restore --source declared')).toMatch(
            /^INTACT {2}.*what is declared is in place/,
          );
        },
        'engine-28.5-plain',
        variant,
      ),
  );

  test('comes back on an empty host, as at boot, unless automatic writes are switched off', () =>
    withEmptyHost(async (host) => {
      put(host, `*filter\n:DOCKER-USER - [0:0]\n${CLOSE}\nCOMMIT\n`);
      const boot = ['restore', '--source', 'declared', '--scheduled'];
      const off = await host.attempt(boot, { env: { RULESGUARD_AUTOMATIC: 'off' } });
      expect(off).toMatchObject({ code: 0, stdout: expect.stringMatching(/^SKIPPED/) as string });
      expect(await content(host)).toEqual([]);
      await host.run(boot.join(' '));
      expect(await content(host)).toEqual([CLOSE]);
    }));

  test('is a fault by its line where it cannot be used, and where others may write it', () =>
    withHost(async (host) => {
      const file = put(host, '*filter\n:DOCKER-USER - [0:0]\n-A DOCKER-USER -j f2b-web\nCOMMIT\n');
      for (const verb of ['check', 'restore']) {
        const { code, stderr } = await host.attempt([verb]);
        expect({ verb, code }).toEqual({ verb, code: 2 });
        expect(stderr).toContain('docker-user.v4 is not used: line 3 leads to chain f2b-web');
      }
      chmodSync(file, 0o622);
      expect((await host.attempt(['check'])).code).toBe(3);
    }));

  test('that iptables writes otherwise is left out and named, and all else comes back', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      put(host, '*filter\n:DOCKER-USER - [0:0]\n-A DOCKER-USER -p 6 -j DROP\nCOMMIT\n');
      await host.sh('iptables -t nat -F POSTROUTING');
      expect(await host.run('restore', 1)).toMatch(
        /left out .*-p 6 -j DROP: .*-A DOCKER-USER -p tcp -j DROP/,
      );
      expect(await content(host)).toEqual([]);
      expect((await inForce(host)).filter((line) => line.includes('MASQUERADE'))).not.toEqual([]);
    }));
});
