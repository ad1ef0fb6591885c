import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { describeCli, withEmptyHost, withHost } from '../../support/cli.ts';

/** The verdict's line without the baseline's age, which goes on. */
const head = (text: string): string => (text.split('\n')[0] ?? '').replace(/, \d+ seconds? old/, '');

/** The lines of a terminal of 80 columns that a text takes. */
const rows = (text: string): number =>
  text
    .trimEnd()
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 0);

describeCli('rulesguard status: the host on one screen', () => {
  test('says what check says and exits with it; what else there is to know of the host', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const whole = await host.run('status');
      expect(whole).toMatch(/^INTACT {2}/);
      expect(whole).toMatch(/^watch +does not run/m);
      expect(whole).toMatch(/^baseline +000001-\S+, \d+ seconds? old$/m);
      expect(whole).toMatch(/^events +none noted$/m);

      await host.sh('iptables -t nat -F');
      const check = await host.run('check', 1);
      const broken = await host.run('status', 1);
      expect(head(broken)).toBe(head(check));
      expect(rows(broken)).toBeLessThanOrEqual(24);

      const watching = host.start(['watch']);
      try {
        const noted = /^watch +runs, pid \d+(?:.*\n)*?events +\d{4}-\d\d-\d\d \d\d:\d\dZ \w+: /m;
        await until(async () => noted.test(await host.run('status', 1)));
      } finally {
        watching.kill('SIGTERM');
        await watching;
      }
      expect(await host.run('status', 1)).toMatch(/^watch +does not run/m);

      const short = (await host.attempt([])).stdout;
      expect(short).toContain('  restore ');
      expect(head(short.trimEnd().split('\n').at(-1) ?? '')).toBe(head(check));
      expect(rows(short)).toBeLessThanOrEqual(24);
      expect((await host.attempt([])).code).toBe(1);
    }));

  test('where check cannot look it says so, and the rest all the same', () =>
    withEmptyHost(async (host) => {
      mkdirSync(path.join(host.stateDir, 'events'), { recursive: true });
      writeFileSync(path.join(host.stateDir, 'events', 'watch.jsonl'), 'no event\n', { mode: 0o666 });
      const said = await host.run('status', 3);
      expect(said).toMatch(/^CANNOT TELL {2}/);
      expect(said).toMatch(/^baseline +none/m);
    }));
});
