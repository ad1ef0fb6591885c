import { describe, expect, test } from 'vitest';
import { hookStatus } from '../../../src/app/hooks/hook-status.ts';
import { installHook, removeHook, type InstallEvent } from '../../../src/app/hooks/install-hook.ts';
import type { FileState } from '../../../src/hooks/file.ts';
import { targetOf } from '../../../src/hooks/targets.ts';
import { hookHost, type MemoryHookHost } from '../../support/app/hook-host.ts';

const PLAIN = { dryRun: false, force: false, vetoFlushAll: false };
const UFW = targetOf('ufw');
const FIREWALLD = targetOf('firewalld');
const UFW_FILES = {
  '/etc/ufw/ufw.conf': 'ENABLED=yes\n',
  '/etc/ufw/before.init': { content: '#!/bin/sh\nset -e\n', mode: 0o640 },
};
const FIREWALLD_FILES = { '/usr/sbin/firewalld': '' };

/** Installs, and gathers what is said. */
async function install(host: MemoryHookHost, target = UFW, request = PLAIN) {
  const events: InstallEvent[] = [];
  const outcome = await installHook(host, target, request, (event) => events.push(event));
  return { outcome, kinds: events.map(({ kind }) => kind) };
}
const remove = async (host: MemoryHookHost, target = UFW, dryRun = false) => {
  const events: InstallEvent[] = [];
  const outcome = await removeHook(host, target, { dryRun }, (event) => events.push(event));
  return { outcome, kinds: events.map(({ kind }) => kind) };
};
const stateOf = async (host: MemoryHookHost, target = UFW) => (await hookStatus(host, [target]))[0];
const contentOf = ({ files }: MemoryHookHost, path: string): string =>
  (files.get(path) as FileState | undefined)?.content ?? '';

describe('installing a hook', () => {
  test('writes it, and taking it out leaves every file as it was', async () => {
    const host = hookHost(UFW_FILES);
    const before = new Map(host.files);
    expect(await install(host)).toEqual({ outcome: 'done', kinds: ['planned'] });
    expect(contentOf(host, '/etc/ufw/before.init')).toContain('hook pre --target ufw');
    expect(contentOf(host, '/etc/ufw/after.init')).toContain('hook post --target ufw');
    expect(await remove(host)).toEqual({ outcome: 'done', kinds: ['planned'] });
    expect(host.files).toEqual(before);
    expect(host.done.at(-1)).toBe('forget ufw');
  });

  test('a second time changes nothing', async () => {
    const host = hookHost(UFW_FILES);
    await install(host);
    host.done.length = 0;
    expect(await install(host)).toEqual({ outcome: 'nothing', kinds: [] });
    expect(host.done).toEqual([]);
  });

  test('--dry-run only shows', async () => {
    const host = hookHost(UFW_FILES);
    expect(await install(host, UFW, { ...PLAIN, dryRun: true })).toEqual({
      outcome: 'shown',
      kinds: ['planned'],
    });
    expect(host.done).toEqual([]);
    await install(host);
    host.done.length = 0;
    expect((await remove(host, UFW, true)).outcome).toBe('shown');
    expect(host.done).toEqual([]);
  });

  test('is refused where the firewall manager is not installed, unless forced', async () => {
    const host = hookHost({});
    await expect(install(host)).rejects.toMatchObject({ code: 'RG_HOOK_TARGET' });
    expect((await install(host, UFW, { ...PLAIN, force: true })).outcome).toBe('done');
  });

  test.each([
    ['a program for another interpreter', { content: '#!/usr/bin/perl\n', mode: 0o755 }, /program for perl/],
    ['a link', { to: '/elsewhere' }, /link to \/elsewhere/],
  ])('%s of somebody else in its place is left alone', async (_, theirs, why) => {
    const host = hookHost(UFW_FILES);
    host.files.set('/etc/ufw/after.init', theirs);
    const refused = install(host);
    await expect(refused).rejects.toMatchObject({ code: 'RG_HOOK_FILE' });
    await expect(refused).rejects.toThrow(why);
    expect(host.files.get('/etc/ufw/after.init')).toBe(theirs);
    expect(host.done).toEqual([]);
  });

  test('brings an older hook of ours up to date and keeps what is around it', async () => {
    const host = hookHost({ ...UFW_FILES, '/etc/ufw/after.init': '#!/bin/sh\necho mine\n' });
    await install(host);
    const path = '/etc/ufw/after.init';
    const older = contentOf(host, path).replace('timeout -k 5 60', 'timeout 300');
    host.files.set(path, { content: older, mode: 0o755 });
    expect((await stateOf(host))?.hook).toBe('changed');
    host.done.length = 0;
    expect((await install(host)).outcome).toBe('done');
    expect(host.done).toEqual([`write ${path}`]);
    expect(contentOf(host, path)).toContain('timeout -k 5 60');
    expect(contentOf(host, path)).toContain('echo mine');
  });

  test('is refused where the hook could never run rulesguard, and nothing is written', async () => {
    const host = hookHost(UFW_FILES, { trouble: '/opt/rg/rulesguard is not executable' });
    const refused = install(host);
    await expect(refused).rejects.toMatchObject({ code: 'RG_HOOK_PROGRAM', exit: 3 });
    await expect(refused).rejects.toThrow('/opt/rg/rulesguard is not executable');
    expect(host.done).toEqual([]);
  });

  test('of an image does not try what this host has', async () => {
    const host = hookHost(UFW_FILES, { trouble: 'not here', isThisHost: false });
    expect((await install(host)).outcome).toBe('done');
    expect(host.tried).toEqual([]);
  });

  test('says that somebody else could change what runs as root', async () => {
    const host = hookHost(UFW_FILES, { othersProgram: true });
    expect((await install(host)).kinds).toEqual(['planned', 'others-program']);
  });
});

describe('a hook that is a unit', () => {
  test('is started after it is written, and stopped before it is taken out', async () => {
    const host = hookHost(FIREWALLD_FILES);
    await install(host, FIREWALLD);
    expect(host.done.slice(-2)).toEqual(['daemon-reload', 'start --no-block rulesguard-firewalld.service']);
    host.done.length = 0;
    await remove(host, FIREWALLD);
    expect(host.done[0]).toBe('stop rulesguard-firewalld.service');
    expect(host.done.at(-1)).toBe('daemon-reload');
    expect([...host.files.keys()]).toEqual(['/usr/sbin/firewalld']);
  });

  test.each([{ systemd: false }, { isThisHost: false }])(
    'where systemd does not run it: %j',
    async (around) => {
      const host = hookHost(FIREWALLD_FILES, around);
      expect((await install(host, FIREWALLD)).kinds).toEqual(['planned', 'no-systemd']);
      expect(host.done.filter((what) => !what.startsWith('write'))).toEqual([]);
    },
  );
});

describe('the state of a hook', () => {
  test('absent, in place, partly there, changed', async () => {
    const host = hookHost(UFW_FILES);
    expect(await stateOf(host)).toMatchObject({ installed: true, hook: 'absent', trouble: undefined });
    await install(host);
    expect(await stateOf(host)).toMatchObject({ hook: 'in place' });
    host.files.delete('/etc/ufw/after.init');
    expect(await stateOf(host)).toMatchObject({ hook: 'partly' });
    host.files.set('/etc/ufw/before.init', {
      ...(host.files.get('/etc/ufw/before.init') as FileState),
      mode: 0o640,
    });
    expect(await stateOf(host)).toMatchObject({ hook: 'changed' });
  });

  test('says how long ago its last half ran', async () => {
    const at = (second: number) => `2026-06-01T11:59:${String(second)}Z`;
    const [pre, post] = [
      { at: at(50), outcome: 'recorded', says: '' },
      { at: at(55), outcome: 'intact', says: '' },
    ] as const;
    expect(await stateOf(hookHost(UFW_FILES))).toMatchObject({ ranSecondsAgo: undefined });
    for (const [fired, ranSecondsAgo] of [
      [{ target: 'ufw', pre, post }, 5],
      [{ target: 'ufw', pre }, 10],
    ] as const)
      expect(await stateOf(hookHost(UFW_FILES, { fired }))).toMatchObject({ ranSecondsAgo });
  });

  test('in place, whether or not it refuses flush-all', async () => {
    const host = hookHost(UFW_FILES);
    await install(host, UFW, { ...PLAIN, vetoFlushAll: true });
    expect(await stateOf(host)).toMatchObject({ hook: 'in place' });
  });

  test('tries the program that is installed, not the one there is now, and each only once', async () => {
    const host = hookHost({ ...UFW_FILES, ...FIREWALLD_FILES }, { path: '/opt/old/rulesguard' });
    await install(host);
    await install(host, FIREWALLD);
    const now = { ...host, program: { path: '/usr/bin/rulesguard', nodeFolder: '' } };
    const broken = {
      ...now,
      tryProgram: (one: { path: string }) =>
        host.tryProgram(one as never).then(() => `${one.path} is not there`),
    };
    host.tried.length = 0;
    expect(await hookStatus(broken, [UFW, FIREWALLD])).toMatchObject([
      { hook: 'changed', trouble: '/opt/old/rulesguard is not there' },
      { hook: 'changed', trouble: '/opt/old/rulesguard is not there' },
    ]);
    expect(host.tried).toEqual(['/opt/old/rulesguard']);
  });
});
