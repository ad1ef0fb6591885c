import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../support/cli.ts';

/** The journal's entries, the oldest first. */
const journalOf = ({ stateDir }: CliHost): readonly string[] =>
  readdirSync(path.join(stateDir, 'journal'))
    .toSorted()
    .map((name) => path.join(stateDir, 'journal', name));

describeCli('restore --undo', () => {
  test('takes back every apply of a repair that needed more than one', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      await host.run('restore --unvouched');
      await host.sh('iptables -t raw -F');
      await host.run('restore --unvouched');
      // As a repair leaves it that was disturbed between its two applies.
      const [first = '', second = ''] = journalOf(host);
      const entry = JSON.parse(readFileSync(second, 'utf8')) as object;
      writeFileSync(second, JSON.stringify({ ...entry, continues: path.basename(first, '.json') }));

      const told = await host.run('restore --undo');
      expect(told.match(/TAKEN BACK/g)).toHaveLength(2);
      const rawRule = /^-A PREROUTING -d \S+ ! -i docker0 -j DROP\n/gm;
      expect(damaged).toMatch(rawRule);
      // The second damage was nobody's to take back: it is there again.
      expect(await host.rules()).toBe(damaged.replaceAll(rawRule, ''));
      await host.run('restore --undo', 1);
    }));

  test('typed again takes back the restore before it, and then says that there is none', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      await host.run('restore --unvouched');
      await host.run('restore --undo');
      expect(await host.rules()).toBe(damaged);
      const { code, stderr } = await host.attempt(['restore', '--undo']);
      expect(code).toBe(1);
      expect(stderr).toContain('there is no restore to take back');
    }));
});
