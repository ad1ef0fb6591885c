import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { oneIn } from '../../support/incident/share.ts';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { misfits } from '../../support/generate/misfits.ts';
import {
  endingsOf,
  holdLock,
  idOf,
  orphanChange,
  pendingFiles,
  resealed,
  startTimer,
  timersOf,
} from '../../support/pending.ts';
import { until } from '../../support/until.ts';

/** The chain every change here makes: while it is there the change is in force. */
const inForce = async (host: CliHost): Promise<boolean> => (await host.rules()).includes(':done ');

/** A change whose time is over, and whose process and timer were killed. Returns how to have it again. */
async function overdueOn(host: CliHost): Promise<() => Promise<void>> {
  await host.run('snapshot');
  await orphanChange(host, 60, 'iptables-nft -N done');
  const [file = ''] = pendingFiles(host);
  // As if a minute had passed.
  await resealed(host, file, ({ deadline, ...rest }) => ({ ...rest, deadline: Number(deadline) - 90 }));
  const kept = path.join(host.folder, 'kept');
  copyFileSync(file, kept);
  return async () => {
    rmSync(path.join(host.stateDir, 'pending'), { recursive: true });
    await host.sh('iptables -N done');
    await host.ns.exec('install', ['-D', '-m', '600', kept, file]);
  };
}

describeCli('a change whose time is over, its process and its timer killed', () => {
  test('every command that only reads tells, and leaves it', () =>
    withHost(async (host) => {
      await overdueOn(host);
      const commands: readonly (readonly [string, number])[] = [
        ['check', 1],
        ['check --json', 1],
        ['check --nagios', 2],
        ['restore --dry-run', 0],
        ['run --dry-run -- iptables-nft -N other', 0],
        ['baseline list', 0],
        ['hook status', 0],
        ['hook post', 0],
      ];
      for (const [command, code] of oneIn(2, commands, 1)) {
        const told = await host.attempt(command.split(' '));
        expect({ command, code: told.code, stderr: told.stderr }).toEqual({
          command,
          code,
          stderr: expect.stringMatching(
            /OVERDUE {2}sh -c .*\n.* Roll it back: rulesguard rollback 0/,
          ) as string,
        });
        if (command.endsWith('json')) {
          const report: unknown = JSON.parse(told.stdout);
          expect(report).toMatchObject({
            state: 'intact',
            unsettled: expect.stringContaining("not rolled back: sh -c 'iptables-nft -N done'") as string,
          });
          expect(misfits('report', report)).toEqual([]);
        }
        if (command.endsWith('nagios')) expect(told.stdout).toMatch(/^RULESGUARD CRITICAL - an unconfirmed/);
      }
      expect(await inForce(host)).toBe(true);
      expect(endingsOf(host)).toEqual(['json']);
    }));

  test('every command that changes or records rules rolls it back first, and says so', () =>
    withHost(async (host) => {
      const again = await overdueOn(host);
      const commands: readonly (readonly [string, number])[] = [
        ['restore', 0],
        ['snapshot', 0],
        ['run --mode report -- true', 0],
        ['hook pre', 0],
        ['confirm', 1],
        ['rollback', 0],
      ];
      for (const [index, [command, code]] of oneIn(2, commands).entries()) {
        if (index > 0) await again();
        const told = await host.attempt(command.split(' '));
        expect({ command, code: told.code, told: told.stderr + told.stdout }).toEqual({
          command,
          code,
          told: expect.stringContaining('ROLLED BACK  sh -c') as string,
        });
        expect(await inForce(host)).toBe(false);
        expect(endingsOf(host)).toEqual(['rolled-back']);
      }
    }));

  test('while somebody is at work on it, nothing is told, unless that takes long', () =>
    withHost(async (host) => {
      await overdueOn(host);
      const check = async (): Promise<string> => (await host.attempt(['check'])).stderr;
      const lock = await holdLock(host);
      const timer = startTimer(host, idOf(host));
      try {
        await until(() => timersOf(host).includes(timer.pid ?? NaN));
        expect(await check()).toBe('');
        const [file = ''] = pendingFiles(host);
        await resealed(host, file, ({ deadline, ...rest }) => ({
          ...rest,
          deadline: Number(deadline) - 500,
        }));
        expect(await check()).toMatch(/OVERDUE .* is not done yet: its timer is still at work/);
        await resealed(host, file, ({ deadline, ...rest }) => ({
          ...rest,
          deadline: Number(deadline) + 500,
        }));
        timer.kill('SIGKILL');
        await until(() => timersOf(host).length === 0);
        expect(await check()).toContain('and nothing rolled it back: its timer is gone');

        // Whoever finishes it by hand has no timer, and holds the lock.
        renameSync(file, file.replace(/json$/, 'rolling-back'));
        expect(await check()).toBe('');
      } finally {
        timer.kill('SIGKILL');
        lock.kill('SIGKILL');
      }
      await until(async () => (await check()).includes('began and did not end'));
    }));

  test('long after it, only whoever asks for it rolls it back or keeps it', () =>
    withHost(async (host) => {
      await overdueOn(host);
      const [file = ''] = pendingFiles(host);
      await resealed(host, file, ({ deadline, ...rest }) => ({ ...rest, deadline: Number(deadline) - 1000 }));
      for (const command of ['restore', 'snapshot', 'hook pre']) {
        const told = await host.attempt(command.split(' '));
        expect(told).toMatchObject({ code: 0, stderr: expect.stringContaining('only on demand') as string });
      }
      const check = await host.attempt(['check']);
      expect(check.code).toBe(1);
      expect(check.stderr).toContain(`Keep it: rulesguard confirm ${idOf(host)}`);
      expect(await inForce(host)).toBe(true);
      const other = await host.attempt(['run', '--confirm', '9', '--', 'true']);
      expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was run') as string });
      expect(await host.run(`confirm ${idOf(host)}`)).toContain('CONFIRMED');
      expect((await host.attempt(['check'])).stderr).toBe('');
      expect(await inForce(host)).toBe(true);
    }));

  test('after a reboot it is told, and its rules of before are loaded by nothing', () =>
    withHost(async (host) => {
      await overdueOn(host);
      const [file = ''] = pendingFiles(host);
      await resealed(host, file, (record) => ({ ...record, boot: '00000000-0000-4000-8000-000000000000' }));
      for (const command of ['check', 'restore', 'snapshot', 'hook pre', 'run --mode report -- true']) {
        const told = await host.attempt(command.split(' '));
        expect(told.stderr).toContain(
          'ENDED BY A REBOOT  sh -c iptables-nft -N done'.replace('sh -c ', "sh -c '"),
        );
        expect(told.code).toBe(0);
      }
      const late = await host.attempt(['confirm', idOf(host)]);
      expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('a reboot ended it') as string });
      expect(await inForce(host)).toBe(true);
      expect(await host.run('rollback')).toContain('a reboot ended');
      expect(endingsOf(host)).toEqual(['rebooted']);
      expect((await host.attempt(['check'])).stderr).toBe('');
      expect(await inForce(host)).toBe(true);
    }));

  test('in another network namespace it is told, and changes nothing there', () =>
    withHost(async (host) => {
      await overdueOn(host);
      const [file = ''] = pendingFiles(host);
      await resealed(host, file, (record) => ({ ...record, network: 'net:[1]' }));
      const told = await host.attempt(['restore']);
      expect(told).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('in another network namespace') as string,
      });
      const asked = await host.attempt(['rollback', idOf(host)]);
      expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('nsenter --net') as string });
      expect(await inForce(host)).toBe(true);
    }));

  test('a record that cannot be read is told by every command, and hides no other', () =>
    withHost(async (host) => {
      await overdueOn(host);
      const [file = ''] = pendingFiles(host);
      const broken = file.replace('000001-', '000002-');
      for (const content of ['', '{', readFileSync(file, 'utf8').replaceAll('DOCKER', 'D0CKER')]) {
        writeFileSync(broken, content, { mode: 0o600 });
        const told = await host.attempt(['check']);
        expect(told.stderr).toContain(`the pending change ${broken} is not used`);
        expect(told.stderr).toContain(`mv ${broken} ${broken}.broken`);
        expect(told.stderr).toContain('OVERDUE');
        expect(told.code).toBe(1);
      }
      renameSync(file, path.join(host.folder, 'away'));
      expect((await host.attempt(['check'])).code).toBe(3);
      expect((await host.attempt(['check', '--nagios'])).stdout).toMatch(/^RULESGUARD \w+ - the pending/);
      for (const command of ['confirm', 'rollback', 'run --confirm 9 -- true'])
        expect(await host.attempt(command.split(' '))).toMatchObject({
          code: 3,
          stderr: expect.stringContaining(broken) as string,
        });
      expect((await host.attempt(['restore'])).code).toBe(0);
      renameSync(broken, `${broken}.broken`);
      expect(await host.attempt(['check'])).toMatchObject({ code: 0, stderr: '' });
    }));
});
