import path from 'node:path';
import { applyPatch, parsePatch, reversePatch } from 'diff';
import { expect, test } from 'vitest';
import { describeCli, filesOf, PROJECT, readJson, withHost, type CliHost } from '../support/cli.ts';
import { inForce } from '../support/generate/neighbourhood.ts';
import { misfits } from '../support/generate/misfits.ts';
import { oneIn } from '../support/incident/share.ts';

/** What is done to the rules, what check exits with, what `--nagios` exits with, and how its line begins. */
const STATES: readonly (readonly [string, readonly string[], number, number, RegExp])[] = [
  ['untouched', [], 0, 0, /^RULESGUARD OK - all \d+ rules of Docker's are in place \| /],
  ['more of a user’s', ['iptables -A INPUT -j ACCEPT'], 0, 0, /^RULESGUARD OK - /],
  [
    'a notice',
    ['iptables -t nat -D DOCKER -i docker0 -j RETURN'],
    1,
    1,
    /^RULESGUARD WARNING - .* \| exposure=0;;0;0 outage=0;;0;0 .*notice=1;0;;0/,
  ],
  [
    'an outage',
    ['iptables -t nat -F POSTROUTING'],
    1,
    2,
    /^RULESGUARD CRITICAL - traffic from .* is not masqueraded.* \| exposure=0;;0;0 outage=1;;0;0/,
  ],
  ['an exposure', ['iptables -t raw -F'], 1, 2, /^RULESGUARD CRITICAL - .* \| exposure=1;;0;0 outage=0;;0;0/],
  [
    'a policy',
    ['iptables -P FORWARD ACCEPT'],
    1,
    2,
    /^RULESGUARD CRITICAL - policy changed .* \| exposure=1;;0;0/,
  ],
];

describeCli('check', () => {
  test.each(oneIn(4, STATES))(
    '%s: exit code, report and plugin line',
    (_, commands, exit, pluginExit, line) =>
      withHost(async (host) => {
        await host.run('snapshot');
        for (const command of commands) await host.sh(command);
        const before = await host.ns.exec('nft', ['list', 'ruleset']);

        const text = await host.run('check', exit);
        expect(text).toMatch(exit === 0 ? /^INTACT / : /^DAMAGED /);

        const report = JSON.parse(await host.run('check --json', exit)) as {
          state: string;
          summary: Record<string, number>;
          findings: { severity: string; consequence: string; damage: boolean }[];
        };
        expect(misfits('report', report)).toEqual([]);
        expect(report.state).toBe(exit === 0 ? 'intact' : 'damaged');
        for (const { consequence } of report.findings) if (exit === 1) expect(text).toContain(consequence);

        const plugin = await host.run('check --nagios', pluginExit);
        expect(plugin).toMatch(line);
        expect(plugin).toMatch(/^[^|\n]* \| (\w+=\d+;\d*;\d*;\d*;?\d* ?)+\n$/);
        for (const { severity } of report.findings)
          expect(plugin).toContain(`${severity}=${String(report.summary[severity])};`);
        expect(await host.ns.exec('nft', ['list', 'ruleset'])).toEqual(before);
      }),
  );

  test('--diff is a patch: applied to the damaged rules it gives the recorded ones', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const rulesOf = async () => (await inForce(host)).filter((line) => line.startsWith('ipv4 nat'));
      const whole = await rulesOf();
      await host.sh('iptables -t nat -F');
      expect(await host.run('check --diff', 1)).toMatch(/^--- baseline\/ipv4\/nat\/PREROUTING\n\+\+\+ live/);
      const patches = parsePatch(await host.run('check --diff', 1));
      const recorded = patches.map((patch) => {
        const live = patch.newFileName === 'live/ipv4/nat/DOCKER' ? ':DOCKER -\n' : '';
        return applyPatch(live, reversePatch(patch));
      });
      expect(recorded.join('').trimEnd().split('\n').sort()).toEqual(
        whole.map((line) => line.slice('ipv4 nat '.length)).sort(),
      );
    }));

  test('--diff of a whole state is empty', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      expect(await host.run('check --diff')).toBe('');
    }));
});

describeCli('colours', () => {
  const coloured = async (host: CliHost, args: readonly string[], env = {}) =>
    (await host.attempt(['check', ...args], { env })).stdout.includes('\u001b[');

  test('on demand only, where nobody looks at a terminal', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      expect(await coloured(host, [])).toBe(false);
      expect(await coloured(host, ['--color'])).toBe(true);
      expect(await coloured(host, ['--no-color'])).toBe(false);
      expect(await coloured(host, ['--color'], { NO_COLOR: '1' })).toBe(true);
      expect(await coloured(host, ['--color', '--json'])).toBe(false);
    }));

  test('on a terminal, unless NO_COLOR or --no-color', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const onTerminal = async (words: string, env = {}) => {
        const line = `${process.execPath} ${path.join(PROJECT, 'bin/rulesguard.js')} check ${words}`;
        const options = { env: { ...host.env, ...env } };
        const { stdout } = await host.ns.exec('script', ['-qec', line, '/dev/null'], options);
        return stdout.includes('\u001b[32m');
      };
      expect(await onTerminal('')).toBe(true);
      expect(await onTerminal('', { NO_COLOR: '1' })).toBe(false);
      expect(await onTerminal('--no-color')).toBe(false);
    }));
});

describeCli('what is written', () => {
  test('fits its schema: baseline, plan, and the journal through every outcome', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const plan = path.join(host.folder, 'plan.json');
      await host.run(`restore --assume-unchanged --plan-out ${plan}`);
      await host.run('restore --assume-unchanged');
      await host.run('restore --undo');
      await host.run('restore --assume-unchanged');
      for (const file of filesOf(host, 'baselines')) expect(misfits('baseline', readJson(file))).toEqual([]);
      expect(misfits('plan', readJson(plan))).toEqual([]);
      const journal = filesOf(host, 'journal').map(readJson);
      for (const entry of journal) expect(misfits('journal', entry)).toEqual([]);
      expect(journal).toEqual([
        expect.objectContaining({ action: 'restore', outcome: 'undone' }),
        expect.objectContaining({
          action: 'undo',
          outcome: 'applied',
          undoes: expect.stringMatching(/^000001-/) as string,
        }),
        expect.objectContaining({ action: 'restore', outcome: 'applied' }),
      ]);
      expect(journal[0]).toMatchObject({ asked: { user: 'root', command: 'restore --assume-unchanged' } });
    }));

  test('a reader that has seen enough is no error', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -F');
      const line = `"$0" "$1" baseline show | head -c 1; echo " \${PIPESTATUS[0]}"`;
      const program = path.join(PROJECT, 'bin/rulesguard.js');
      const { stdout, stderr } = await host.ns.exec('bash', ['-c', line, process.execPath, program], {
        env: host.env,
      });
      expect({ stdout, stderr }).toEqual({ stdout: '{ 0\n', stderr: '' });
    }));
});
