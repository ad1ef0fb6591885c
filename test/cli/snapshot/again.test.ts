import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeCli, filesOf, readJson, withHost, type CliHost } from '../../support/cli.ts';
import { inForce, USER_RULES, withNeighbours } from '../../support/generate/neighbourhood.ts';
import { edited } from '../../support/edited.ts';
import { oneIn } from '../../support/incident/share.ts';

const baselinesOf = (host: CliHost): readonly string[] => filesOf(host, 'baselines');

/** Makes the newest baseline one that is not used. */
function spoil(host: CliHost): void {
  const file = baselinesOf(host).at(-1) ?? '';
  writeFileSync(file, edited(readFileSync(file, 'utf8'), '172.17.0.2', '172.17.0.9'));
}

/** What somebody did since the last baseline, and whether that is worth another one. */
const SINCE: readonly (readonly [string, readonly string[], 'UNCHANGED' | 'RECORDED'])[] = [
  ['nothing', [], 'UNCHANGED'],
  // Counters differ in every save of a host that works.
  ['packets came', ['ip link set lo up', 'iptables -t nat -Z', 'iptables -Z'], 'UNCHANGED'],
  ['rules of others far from Docker’s', ['iptables -A INPUT -s 192.0.2.3 -j DROP'], 'UNCHANGED'],
  ['a rule more in DOCKER-USER', ['iptables -I DOCKER-USER -s 198.51.100.9 -j DROP'], 'RECORDED'],
  ['a rule less in DOCKER-USER', [`iptables -D DOCKER-USER ${USER_RULES[0] ?? ''}`], 'RECORDED'],
  [
    'a container more',
    [
      'iptables -t nat -A DOCKER ! -i docker0 -p tcp --dport 81 -j DNAT --to-destination 172.17.0.7:81',
      'iptables -I DOCKER -d 172.17.0.7 ! -i docker0 -o docker0 -p tcp --dport 81 -j ACCEPT',
    ],
    'RECORDED',
  ],
];

describeCli('snapshot --if-changed', () => {
  test.each(oneIn(4, SINCE, 1))('after %s', (_, commands, verdict) =>
    withNeighbours(async (host) => {
      const [first = ''] = baselinesOf(host);
      const bytes = readFileSync(first, 'utf8');
      for (const command of commands) await host.sh(command);
      const told = await host.run('snapshot --if-changed');
      if (verdict === 'UNCHANGED') {
        expect(told).toMatch(/^UNCHANGED {2}baseline 000001-\S+ says the same; nothing written\n$/);
        expect(baselinesOf(host)).toEqual([first]);
        expect(readFileSync(first, 'utf8')).toBe(bytes);
      } else {
        expect(told).toMatch(/^RECORDED .* as baseline 000002-/);
        expect(baselinesOf(host)).toHaveLength(2);
        expect(await host.run('snapshot --if-changed')).toMatch(/^UNCHANGED {2}baseline 000002-/);
      }
      expect(await host.run('check')).toMatch(/^INTACT/);
    }),
  );

  test('records the first time, and always without the option', () =>
    withHost(async (host) => {
      expect(await host.run('snapshot --if-changed')).toMatch(/^RECORDED/);
      expect(await host.run('snapshot')).toMatch(/^RECORDED .* 000002-/);
      expect(await host.run('snapshot --if-changed')).toMatch(/^UNCHANGED {2}baseline 000002-/);
    }));

  test('refuses a damaged state like any other snapshot, and keeps what it had', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F POSTROUTING');
      const { code, stdout, stderr } = await host.attempt(['snapshot', '--if-changed']);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/not recorded: .*no MASQUERADE.*--repair-first/s);
      expect(baselinesOf(host)).toHaveLength(1);
    }));

  test('beside a newest baseline that cannot be used records anew, and says why', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      spoil(host);
      const { code, stdout, stderr } = await host.attempt(['snapshot', '--if-changed']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^RECORDED .* 000002-/);
      expect(stderr).toMatch(/^note: the baseline before this one is not usable: .*digest/m);
      expect(readJson(baselinesOf(host)[1] ?? '')).toMatchObject({ previous: null });
      expect(await host.run('check')).toMatch(/^INTACT/);
    }));
});

describeCli('snapshot --repair-first without an Engine', () => {
  test('brings back what hangs on daemon and networks, and records', () =>
    withHost(async (host) => {
      const whole = await inForce(host);
      await host.run('snapshot');
      await host.sh('iptables -t nat -F POSTROUTING');
      await host.sh('iptables -D FORWARD -j DOCKER-FORWARD');
      const told = await host.run('snapshot --repair-first');
      expect(told).toMatch(/^REPAIRED {2}2 findings, now recording\nRECORDED .* 000002-/);
      expect(await inForce(host)).toEqual(whole);
      await host.run('restore --undo');
      expect(await inForce(host)).not.toEqual(whole);
    }));

  test('does not record a state that still lacks what hangs on containers, and names it', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const { code, stdout, stderr } = await host.attempt(['snapshot', '--repair-first']);
      expect(code).toBe(1);
      expect(stdout).toBe('REPAIRED  4 findings, now recording\n');
      expect(stderr).toMatch(/port 80\/tcp is let through, but nothing translates to it/);
      expect(baselinesOf(host)).toHaveLength(1);
      expect((await inForce(host)).filter((line) => line.includes('DNAT'))).toEqual([]);
    }));

  test('with nothing to mend records, as any snapshot', () =>
    withHost(async (host) => {
      expect(await host.run('snapshot --repair-first')).toMatch(/^RECORDED/);
      expect(filesOf(host, 'journal')).toEqual([]);
      expect(await host.run('snapshot --repair-first --if-changed')).toMatch(/^UNCHANGED/);
    }));

  test.each(['no baseline', 'a baseline that cannot be used'])(
    'has nothing to mend by with %s: exit 3, and nothing is changed',
    (what) =>
      withHost(async (host) => {
        if (what !== 'no baseline') {
          await host.run('snapshot');
          spoil(host);
        }
        await host.sh('iptables -t nat -F POSTROUTING');
        const damaged = await host.rules();
        const { code, stdout, stderr } = await host.attempt(['snapshot', '--repair-first']);
        expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
        expect(stderr).toMatch(/^rulesguard: there is no Docker Engine to ask/m);
        expect(await host.rules()).toBe(damaged);
        expect(baselinesOf(host)).toHaveLength(what === 'no baseline' ? 0 : 1);
      }),
  );
});

describeCli('a baseline that cannot be used, and no Engine', () => {
  test.each(oneIn(2, ['restore', 'restore --assume-unchanged', 'restore --dry-run', 'check']))(
    '%s: exit 3, and each is told once',
    (line) =>
      withHost(async (host) => {
        await host.run('snapshot');
        spoil(host);
        await host.sh('iptables -t nat -F');
        const damaged = await host.rules();
        const { code, stdout, stderr } = await host.attempt(line.split(' '));
        expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
        expect(stderr.match(/digest/g)).toHaveLength(1);
        expect(stderr.match(/there is no Docker Engine to ask/g)).toHaveLength(1);
        expect(stderr).not.toContain('relies on the Engine');
        expect(await host.rules()).toBe(damaged);
      }),
  );
});
