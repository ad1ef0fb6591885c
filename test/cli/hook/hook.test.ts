import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ageBaseline } from '../../support/recorded/aged.ts';
import { describeCli, filesOf, readJson, withEmptyHost, withHost, type CliHost } from '../../support/cli.ts';
import { edited } from '../../support/edited.ts';
import { rootWithManagers } from '../../support/hook-root.ts';

const noteOf = (host: CliHost, target = 'by-hand') =>
  readJson(path.join(host.stateDir, 'hooks', `${target}.json`)) as {
    readonly pre?: Record<string, unknown>;
    readonly post?: Record<string, unknown>;
  };

describeCli('hook pre', () => {
  test('records, and the second time finds the same', () =>
    withHost(async (host) => {
      expect(await host.run('hook pre --target ufw')).toMatch(/^RECORDED .* baseline 000001-/);
      expect(noteOf(host, 'ufw').pre).toMatchObject({
        outcome: 'recorded',
        baseline: expect.stringMatching(/^000001-/) as string,
      });
      expect(await host.run('hook pre --target ufw')).toMatch(/^UNCHANGED/);
      expect(noteOf(host, 'ufw').pre).toMatchObject({ outcome: 'unchanged' });
      expect(filesOf(host, 'baselines')).toHaveLength(1);
    }));

  test('does not record a damaged state: says so, exits 0, and 1 under --strict', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F POSTROUTING');
      const { code, stdout, stderr } = await host.attempt(['hook', 'pre']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toMatch(
        /^rulesguard hook pre: not recorded: .*no MASQUERADE.*The firewall change goes on/ms,
      );
      expect(noteOf(host).pre).toMatchObject({ outcome: 'damaged' });
      expect(filesOf(host, 'baselines')).toHaveLength(1);
      await host.run('hook pre --strict', 1);
    }));

  test('on a host without Docker has nothing to say', () =>
    withEmptyHost(async (host) => {
      const { code, stdout, stderr } = await host.attempt(['hook', 'pre']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).not.toContain('hook pre:');
      expect(noteOf(host).pre).toMatchObject({ outcome: 'nothing' });
    }));

  test.each(['pre', 'post'])(
    'hook %s exits 0 when the state folder cannot be made, 3 under --strict',
    (phase) =>
      withHost(async (host) => {
        const file = path.join(host.folder, 'file');
        writeFileSync(file, '');
        await host.sh('iptables -t nat -F');
        const through = ['hook', phase, '--state-dir', path.join(file, 'state')];
        const { code, stderr } = await host.attempt(through);
        expect(code).toBe(0);
        expect(stderr).toMatch(/^rulesguard hook (?:pre|post): /m);
        expect((await host.attempt([...through, '--strict'])).code).toBe(3);
      }),
  );
});

describeCli('hook post', () => {
  test('after hook pre brings everything back, containers’ rules too: the record is of this change', () =>
    withHost(async (host) => {
      const whole = await host.rules();
      await host.run('hook pre');
      await host.sh('iptables -t nat -F');
      await host.sh('iptables -F FORWARD');
      expect(await host.run('hook post')).toMatch(/^REPAIRED {2}\d+ findings in \d+ steps/);
      expect(await host.rules()).toBe(whole);
      expect(noteOf(host).post).toMatchObject({
        outcome: 'repaired',
        says: expect.stringMatching(/^Docker's rules intact, \d+ findings repaired$/) as string,
      });

      expect(await host.run('hook post')).toBe('INTACT\n');
      expect(noteOf(host)).toMatchObject({ pre: { outcome: 'recorded' }, post: { outcome: 'intact' } });
      expect(await host.run('hook status --json')).toBeTruthy();
    }));

  test('without hook pre repairs what a restore would, and says loudly that something is left', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const { code, stdout, stderr } = await host.attempt(['hook', 'post']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^REPAIRED/);
      expect(stdout).toMatch(/^NOT REPAIRED/m);
      expect(stderr).toMatch(/^Docker's rules are damaged after this firewall change, and not all/m);
      expect(noteOf(host).post).toMatchObject({ outcome: 'left' });
      await host.run('hook post --strict', 1);
    }));

  test('--mode report says what is damaged and changes nothing', () =>
    withHost(async (host) => {
      await host.run('hook pre');
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      const { code, stdout, stderr } = await host.attempt(['hook', 'post', '--mode', 'report']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^DAMAGED/);
      expect(stderr).toMatch(
        /^Docker's rules are damaged after this firewall change \(\d+ findings, not repaired\)/m,
      );
      expect(await host.rules()).toBe(damaged);
      expect(noteOf(host).post).toMatchObject({ outcome: 'reported' });
      await host.run('hook post --mode report --strict', 1);
    }));

  test('leaves policies alone unless told', () =>
    withHost(async (host) => {
      await host.run('hook pre');
      await host.sh('iptables -P FORWARD ACCEPT');
      await host.run('hook post');
      expect(await host.rules()).toMatch(/^:FORWARD ACCEPT/m);
      await host.run('hook post --policies');
      expect(await host.rules()).toMatch(/^:FORWARD DROP/m);
    }));

  test('with neither baseline nor Engine there is nothing to compare with: exit 0, nothing noted as wrong', () =>
    withHost(async (host) => {
      const { code, stdout } = await host.attempt(['hook', 'post']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(noteOf(host).post).toMatchObject({ outcome: 'nothing' });
    }));

  test('does not write rules into a host whose Docker has not started since the boot', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await ageBaseline(host.stateDir, 1000 * 86_400);
      await host.sh('iptables -t nat -F');
      const booted = await host.rules();
      const { code, stdout } = await host.attempt(['hook', 'post', '--strict']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(await host.rules()).toBe(booted);
      expect(noteOf(host).post).toMatchObject({ outcome: 'nothing' });
    }));

  test('around a reload as ufw makes it, a stop that opens the policies and a start, ends in a status that reads as good', () =>
    withHost(async (host) => {
      const root = rootWithManagers(host);
      await host.run(`hook install ufw --root ${root}`);
      for (const policy of ['ACCEPT', 'DROP']) {
        await host.run('hook pre --target ufw');
        await host.sh(`iptables -P FORWARD ${policy}`);
        await host.run('hook post --target ufw');
      }
      expect(noteOf(host, 'ufw').pre).toMatchObject({ outcome: 'damaged' });
      expect(await host.run(`hook status ufw --root ${root}`)).toMatch(
        /^ufw +hook in place; last run \d+ seconds? ago: after: Docker's rules intact; before: nothing recorded, as the firewall was halfway through its change\n$/,
      );
    }));

  test('two at once: both exit 0, and the rules are back', () =>
    withHost(async (host) => {
      await host.run('hook pre');
      await host.sh('iptables -t nat -F');
      const both = await Promise.all([host.attempt(['hook', 'post']), host.attempt(['hook', 'post'])]);
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      expect(await host.run('check')).toMatch(/^INTACT/);
    }));

  test('the note is for its owner only, and a spoilt one is as good as none', () =>
    withHost(async (host) => {
      await host.run('hook pre --target ufw');
      const file = path.join(host.stateDir, 'hooks', 'ufw.json');
      writeFileSync(file, edited(readFileSync(file, 'utf8'), 'recorded', 'rejoiced'));
      await host.run('hook post --target ufw');
      expect(noteOf(host, 'ufw')).not.toHaveProperty('pre');
      expect(existsSync(file)).toBe(true);
    }));
});

/** Writes a configuration and returns what makes `rulesguard` use it. */
function configure(host: CliHost, hook: object): Readonly<Record<string, string>> {
  const file = path.join(host.folder, 'config.json');
  writeFileSync(file, JSON.stringify({ version: 1, hook }), { mode: 0o600 });
  return { RULESGUARD_CONFIG: file };
}

describeCli('the configuration of hooks', () => {
  test('RULESGUARD_HOOKS=off: they do nothing at all, and do not count as fired', () =>
    withHost(async (host) => {
      const env = { RULESGUARD_HOOKS: 'off' };
      for (const phase of ['pre', 'post'])
        expect(await host.attempt(['hook', phase], { env })).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(existsSync(host.stateDir)).toBe(false);
    }));

  test('switches the halves off', () =>
    withHost(async (host) => {
      const env = configure(host, { pre: 'off', post: 'off' });
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      for (const phase of ['pre', 'post'])
        expect(await host.attempt(['hook', phase], { env })).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await host.rules()).toBe(damaged);
      expect(noteOf(host)).toMatchObject({ pre: { outcome: 'off' }, post: { outcome: 'off' } });
    }));

  test('asks for a report only, policies and strict exit codes; an option beats it', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -P FORWARD ACCEPT');
      const env = configure(host, { post: 'report', strict: true });
      expect((await host.attempt(['hook', 'post'], { env })).code).toBe(1);
      expect((await host.attempt(['hook', 'post', '--no-strict'], { env })).code).toBe(0);
      expect(await host.rules()).toMatch(/^:FORWARD ACCEPT/m);
      const repairs = configure(host, { policies: true });
      expect((await host.attempt(['hook', 'post'], { env: repairs })).code).toBe(0);
      expect(await host.rules()).toMatch(/^:FORWARD DROP/m);
    }));

  test('with a wrong key does nothing, says which, and lets the change go on', () =>
    withHost(async (host) => {
      const env = configure(host, { post: 'fix' });
      const { code, stdout, stderr } = await host.attempt(['hook', 'post'], { env });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toMatch(/^rulesguard hook post: the configuration .* is not used.*hook.*post/s);
      expect((await host.attempt(['hook', 'post', '--strict'], { env })).code).toBe(2);
    }));
});
