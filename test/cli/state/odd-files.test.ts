import { mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, filesOf, withEmptyHost, withHost } from '../../support/cli.ts';
import { inForce } from '../../support/generate/neighbourhood.ts';
import { recording } from '../../support/recorded/recordings.ts';

describeCli('files that writers left or that are none', () => {
  test('what a killed writer left is not listed, and goes with the next write; what is no leftover stays', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const folder = path.join(host.stateDir, 'baselines');
      // No process has this number (pid_max is 4194304 at most).
      const left = path.join(folder, '.4194305-12345.tmp');
      const fresh = path.join(folder, '.4194305-12346.tmp');
      const alive = path.join(folder, `.${String(process.pid)}-12347.tmp`);
      for (const file of [left, fresh, alive]) writeFileSync(file, '{"half');
      const old = new Date(Date.now() - 120_000);
      for (const file of [left, alive]) utimesSync(file, old, old);
      expect((await host.run('baseline list')).trimEnd().split('\n')).toHaveLength(1);
      expect(await host.run('baseline verify')).toMatch(/^\S+ +sound\n$/);
      await host.run('snapshot --keep 1');
      expect(
        readdirSync(folder)
          .filter((name) => name.endsWith('.tmp'))
          .sort(),
      ).toEqual([path.basename(fresh), path.basename(alive)].sort());
      expect(filesOf(host, 'baselines').filter((file) => file.endsWith('.json'))).toHaveLength(1);
    }));

  test('after number 999999 the newest is still the newest: listed last, compared with, and kept', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const [first = ''] = filesOf(host, 'baselines');
      renameSync(first, first.replace('/000001-', '/999999-'));
      await host.sh('iptables -I DOCKER-USER -s 198.51.100.9 -j DROP');
      expect(await host.run('snapshot')).toMatch(/^RECORDED .* baseline 1000000-/);
      expect(await host.run('snapshot')).toMatch(/^RECORDED .* baseline 1000001-/);
      const numbers = (listed: string) => [...listed.matchAll(/^(\d+)-/gm)].map(([, number]) => number);
      expect(numbers(await host.run('baseline list'))).toEqual(['999999', '1000000', '1000001']);
      expect(await host.run('baseline verify')).not.toMatch(/does not follow/);
      expect(await host.run('check')).toMatch(/^INTACT.*baseline 1000001-/);
      await host.run('baseline prune --keep 1');
      expect(numbers(await host.run('baseline list'))).toEqual(['1000001']);
    }));

  test('the journal counts on as well, and --undo takes back the newest', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const journal = path.join(host.stateDir, 'journal');
      mkdirSync(journal, { mode: 0o700 });
      writeFileSync(path.join(journal, '999999-20260101T000000Z.json'), '{}', { mode: 0o600 });
      await host.sh('iptables -t nat -F POSTROUTING');
      const damaged = await inForce(host);
      await host.run('restore');
      expect(readdirSync(journal).some((name) => name.startsWith('1000000-'))).toBe(true);
      await host.run('restore --undo');
      expect(await inForce(host)).toEqual(damaged);
    }));

  test.each([
    ['a pipe that nobody writes to', 'mkfifo "$F"'],
    ['a device without end', 'mknod "$F" c 1 5 && chmod 600 "$F"'],
    ['a folder', 'mkdir "$F"'],
    ['a file without end', 'truncate -s 8G "$F"'],
  ])('a candidate, plan or baseline that is %s is refused at once', (_, make) =>
    withHost(async (host) => {
      const file = path.join(host.folder, 'odd');
      expect((await host.ns.exec('sh', ['-c', make.replaceAll('$F', file)])).code).toBe(0);
      for (const args of [
        ['check', '--candidate', file],
        ['restore', '--plan', file],
        ['check', '--baseline', file],
        ['run', '--config', file, '--', 'true'],
      ]) {
        const { code, stdout, stderr } = await host.attempt(args);
        expect({ args, stdout, refused: code === 2 || code === 3 }).toEqual({
          args,
          stdout: '',
          refused: true,
        });
        expect(stderr).toMatch(/^rulesguard: .*odd/m);
        expect(stderr).not.toMatch(/internal error/);
      }
    }),
  );

  test('strip ends with an input that has no end', () =>
    withEmptyHost(async (host) => {
      const through = ['sh', '-c', 'exec "$@" < /dev/zero', 'sh'];
      const { code, stderr } = await host.attempt(['strip'], { through });
      expect(code).toBe(3);
      expect(stderr).toMatch(/standard input is larger than/);
    }));

  test('nothing is written in the place of a device, a pipe or a folder', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const input = recording('engine-28.5-plain').text.ipv4;
      // A /dev of its own: without the refusal the device would be gone.
      const through = (what: string): readonly string[] => [
        ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c'],
        `mount -t tmpfs none /dev/shm && cd /dev/shm && mknod null c 1 3 && mkfifo pipe && mkdir folder && ln -s null link && "$@"; code=$?; test ${what} || exit 99; exit $code`,
        'sh',
      ];
      for (const [name, test] of [
        ['null', '-c /dev/shm/null'],
        ['pipe', '-p /dev/shm/pipe'],
        ['link', '-L /dev/shm/link'],
        ['folder', '-d /dev/shm/folder'],
      ] as const)
        for (const args of [
          ['strip', '--output', `/dev/shm/${name}`],
          ['restore', '--plan-out', `/dev/shm/${name}`],
        ]) {
          const { code, stderr } = await host.attempt(args, { through: through(test), input });
          expect({ args, code }).toEqual({ args, code: 3 });
          expect(stderr).toMatch(/no place for a file/);
        }
    }));

  test('whoever has a file open can still write to it: the hint says to copy it', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const [file = ''] = filesOf(host, 'baselines');
      await host.ns.exec('chown', ['12345', file]);
      const { stderr } = await host.attempt(['check']);
      expect(stderr).toMatch(
        /install -o root -g root -m 600 (\S+) \1\.new, read \1\.new, then: mv \1\.new \1/,
      );
    }));
});

describeCli('the last entry of the journal', () => {
  test('cannot be written: the repair stays in place, and the message says so', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const whole = await inForce(host);
      await host.sh('iptables -t nat -F');
      // A disk of one page: full once the first entry is written.
      const script =
        'S=$RULESGUARD_STATE_DIR && mkdir -p "$S/journal" && mount -t tmpfs -o size=4k none "$S/journal" && exec "$@"';
      const { code, stdout, stderr } = await host.attempt(['restore', '--assume-unchanged'], {
        through: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'],
      });
      expect({ code, inForce: await inForce(host) }).toEqual({ code: 0, inForce: whole });
      expect(stdout).toMatch(/^REPAIRED .*Undo it: rulesguard restore --undo/);
      expect(stderr).toMatch(/the repair is in place.*ENOSPC/s);
    }));
});
