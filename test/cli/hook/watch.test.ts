import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { describeCli, withEmptyHost, type CliHost } from '../../support/cli.ts';
import { put, putProgram, rootWithManagers } from '../../support/hook-root.ts';
import { until } from '../../support/until.ts';

const folderOf = (tool: string): string | undefined =>
  ['/usr/bin', '/bin'].find((folder) => existsSync(path.join(folder, tool)));

/** The listeners of this machine, where it can have a bus of its own. */
const LISTENERS = ['dbus-daemon', 'dbus-send'].every(folderOf)
  ? ['dbus-monitor', 'busctl'].filter(folderOf)
  : [];

/** A bus, and on it the watcher with one listener in reach; `body` may send signals. */
async function withWatcher(
  host: CliHost,
  listener: string,
  body: (send: (member: string) => Promise<unknown>, posts: () => number) => Promise<void>,
): Promise<void> {
  const root = rootWithManagers(host);
  const { file, PATH } = putProgram(host, '#!/bin/sh\necho "$*" >>"${0%/*}/asked"\n');
  await host.attempt(['hook', 'install', 'firewalld', '--root', root], { env: { PATH } });
  const script = path.join(root, 'usr/local/lib/rulesguard/firewalld');
  writeFileSync(script, readFileSync(script, 'utf8').replaceAll('sleep 3', 'sleep 0.1'));
  const tools = path.join(host.folder, 'tools');
  put(tools, 'none', '');
  for (const tool of ['sh', 'sleep', 'timeout', listener])
    symlinkSync(path.join(folderOf(tool) ?? '', tool), path.join(tools, tool));
  const address = `unix:path=${path.join(host.folder, 'bus')}`;
  const env = { PATH: tools, DBUS_SYSTEM_BUS_ADDRESS: address };
  const bus = execa('dbus-daemon', ['--session', `--address=${address}`, '--nofork'], { reject: false });
  await until(() => existsSync(path.join(host.folder, 'bus')));
  const watcher = execa('/bin/sh', [script, 'watch'], {
    env,
    extendEnv: false,
    reject: false,
    detached: true,
  });
  const asked = path.join(path.dirname(file), 'asked');
  try {
    await body(
      (member) =>
        execa(
          'dbus-send',
          [
            '--system',
            '--type=signal',
            '/org/fedoraproject/FirewallD1',
            `org.fedoraproject.FirewallD1.${member}`,
          ],
          { env: { DBUS_SYSTEM_BUS_ADDRESS: address } },
        ),
      () =>
        existsSync(asked)
          ? (readFileSync(asked, 'utf8').match(/^hook post --target firewalld$/gm)?.length ?? 0)
          : 0,
    );
  } finally {
    if (watcher.pid !== undefined) process.kill(-watcher.pid);
    bus.kill();
    await Promise.all([watcher, bus]);
  }
}

describeCli('the watcher beside firewalld', () => {
  test('without a listener looks once and ends: its unit starts it again', () =>
    withEmptyHost(async (host) => {
      const root = rootWithManagers(host);
      const { PATH } = putProgram(host, '#!/bin/sh\necho "called $*"\n');
      await host.attempt(['hook', 'install', 'firewalld', '--root', root], { env: { PATH } });
      const script = path.join(root, 'usr/local/lib/rulesguard/firewalld');
      writeFileSync(script, readFileSync(script, 'utf8').replaceAll('sleep 3', 'sleep 0'));
      const tools = path.join(host.folder, 'tools');
      put(tools, 'none', '');
      symlinkSync('/bin/sleep', path.join(tools, 'sleep'));
      const { stderr } = await host.ns.exec('env', [`PATH=${tools}`, '/bin/sh', script, 'watch']);
      expect(stderr).toMatch(/^called hook post --target firewalld$/m);
      const unit = readFileSync(path.join(root, 'etc/systemd/system/rulesguard-firewalld.service'), 'utf8');
      expect(unit).toMatch(/^Restart=always$/m);
    }));

  for (const listener of LISTENERS) {
    test(`${listener}: looks when it starts and after each reload, and at nothing else`, () =>
      withEmptyHost((host) =>
        withWatcher(host, listener, async (send, posts) => {
          await until(() => posts() === 1);
          expect(posts()).toBe(1);
          // The listener needs a moment to join the bus: until then nothing comes.
          for (let i = 0; i < 20 && posts() === 1; i++) {
            await send('Reloaded');
            await sleep(250);
          }
          const heard = posts();
          expect(heard).toBeGreaterThan(1);
          await send('PanicModeEnabled');
          await send('Reloaded');
          await until(() => posts() > heard);
          await sleep(300);
          expect(posts()).toBe(heard + 1);
        }),
      ));
  }
});
