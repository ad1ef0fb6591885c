import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, filesOf, withHost, type CliHost } from '../../support/cli.ts';

/** Both ways to switch automatic writes off. */
const WAYS: readonly (readonly [string, (host: CliHost) => Readonly<Record<string, string>>])[] = [
  ['the environment', () => ({ RULESGUARD_AUTOMATIC: 'off' })],
  [
    'the configuration',
    (host) => {
      const file = path.join(host.folder, 'config.json');
      writeFileSync(file, '{"version": 1, "automatic": false}', { mode: 0o600 });
      return { RULESGUARD_CONFIG: file };
    },
  ],
];

describeCli('automatic writes switched off', () => {
  test.each(WAYS)('by %s: hooks and timers write nothing, and say so', (_, switchOff) =>
    withHost(async (host) => {
      const env = switchOff(host);
      const pre = await host.attempt(['hook', 'pre', '--target', 'ufw'], { env });
      expect(pre).toMatchObject({ code: 0, stderr: expect.stringContaining('switched off') as string });
      const timer = await host.attempt(['snapshot', '--scheduled'], { env });
      expect(timer).toMatchObject({ code: 0, stdout: expect.stringMatching(/^SKIPPED/) as string });
      expect(existsSync(path.join(host.stateDir, 'baselines'))).toBe(false);

      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      const post = await host.attempt(['hook', 'post', '--target', 'ufw'], { env });
      expect(post).toMatchObject({ code: 0, stdout: expect.stringMatching(/^DAMAGED/) as string });
      expect(post.stderr).toContain('switched off');
      expect(await host.rules()).toBe(damaged);

      const status = await host.attempt(['hook', 'status'], { env });
      expect(status.stdout).toMatch(/^OFF {2}automatic writes are switched off/);
      // What a person typed works as ever.
      expect((await host.attempt(['snapshot', '--force'], { env })).code).toBe(0);
    }),
  );

  test('a timer records once, and again only what is new', () =>
    withHost(async (host) => {
      expect(await host.run('snapshot --scheduled')).toMatch(/^RECORDED/);
      expect(await host.run('snapshot --scheduled')).toMatch(/^UNCHANGED/);
      expect(filesOf(host, 'baselines')).toHaveLength(1);
    }));
});

describeCli('baseline diff', () => {
  test('says what two baselines differ in: exit 0 the same, 1 different', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -I DOCKER-USER -s 198.51.100.7 -j DROP');
      await host.run('snapshot');
      expect(await host.run('baseline diff 2 latest')).toMatch(/^THE SAME/);
      const { code, stdout } = await host.attempt(['baseline', 'diff', '1', 'latest']);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^\+-A DOCKER-USER -s 198\.51\.100\.7\/32 -j DROP$/m);
      const json = await host.attempt(['baseline', 'diff', '1', '--json']);
      expect(JSON.parse(json.stdout)).toMatchObject({
        same: false,
        chains: [{ table: 'filter', chain: 'DOCKER-USER', reordered: false }],
      });
      expect((await host.attempt(['baseline', 'diff'])).code).toBe(2);
      expect((await host.attempt(['baseline', 'diff', '1', '9'])).code).toBe(3);
    }));
});
