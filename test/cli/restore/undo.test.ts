import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readEntry, writeEntry } from '../../../src/host/state/journal.ts';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';

/** The journal's entries, the oldest first. */
const journalOf = ({ stateDir }: CliHost): readonly string[] =>
  readdirSync(path.join(stateDir, 'journal'))
    .toSorted()
    .map((name) => path.join(stateDir, 'journal', name));

interface Entry {
  seal?: string;
  plan: { families: { ipv4: { tables: unknown[] } } };
  before: unknown[];
}

describeCli('restore --undo', () => {
  test('undoes every apply of a repair that needed more than one', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      await host.run('restore --assume-unchanged');
      await host.sh('iptables -t raw -F');
      await host.run('restore --assume-unchanged');
      // As a repair leaves it that was disturbed between its two applies.
      const [first = '', second = ''] = journalOf(host);
      const id = path.basename(second, '.json');
      const entry = await readEntry(host.stateDir, id);
      await writeEntry(host.stateDir, id, { ...entry, continues: path.basename(first, '.json') });

      const told = await host.run('restore --undo');
      expect(told.match(/UNDONE/g)).toHaveLength(2);
      const rawRule = /^-A PREROUTING -d \S+ ! -i docker0 -j DROP\n/gm;
      expect(damaged).toMatch(rawRule);
      // The second damage was nobody's to take back: it is there again.
      expect(await host.rules()).toBe(damaged.replaceAll(rawRule, ''));
      await host.run('restore --undo', 1);
    }));

  test('typed again undoes the restore before it, and then says that there is none', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      await host.run('restore --assume-unchanged');
      await host.run('restore --undo');
      expect(await host.rules()).toBe(damaged);
      const { code, stderr } = await host.attempt(['restore', '--undo']);
      expect(code).toBe(1);
      expect(stderr).toContain('there is no restore to undo');
    }));

  test.each<readonly [string, (entry: Entry) => void]>([
    [
      'deleted a rule that would be written again',
      ({ plan, before }) => {
        const rule = { text: '-A INPUT -j ACCEPT', counters: '0:0' };
        plan.families.ipv4.tables.push({ table: 'filter', steps: [{ op: 'delete', chain: 'INPUT', rule }] });
        const state = { family: 'ipv4', table: 'filter', chain: 'INPUT', exists: true, policy: 'ACCEPT' };
        before.push({ ...state, rules: [rule] });
      },
    ],
    [
      'wrote a rule that would be deleted again',
      ({ plan, before }) => {
        const rule = { text: '-A INPUT -s 192.0.2.7/32 -j DROP', counters: '0:0' };
        plan.families.ipv4.tables.push({ table: 'filter', steps: [{ op: 'append', chain: 'INPUT', rule }] });
        const state = { family: 'ipv4', table: 'filter', chain: 'INPUT', exists: true, policy: 'ACCEPT' };
        before.push({ ...state, rules: [] });
      },
    ],
    ['bears no seal', (entry) => delete entry.seal],
  ])('an entry that says falsely that it %s is refused, and nothing is changed', (_, forge) =>
    withHost(async (host) => {
      await host.sh('iptables -A INPUT -s 192.0.2.7 -j DROP');
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      await host.run('restore --assume-unchanged');
      const whole = await host.rules();
      const [file = ''] = journalOf(host);
      const entry = JSON.parse(readFileSync(file, 'utf8')) as Entry;
      forge(entry);
      writeFileSync(file, JSON.stringify(entry));
      const { code, stdout, stderr } = await host.attempt(['restore', '--undo']);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(/nothing proves that it was written on this host/);
      expect(await host.rules()).toBe(whole);
    }),
  );
});
