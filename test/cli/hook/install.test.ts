import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describeCli, PROGRAM, PROJECT, readJson, withEmptyHost, type CliHost } from '../../support/cli.ts';
import { picture, put, rootWithManagers } from '../../support/hook-root.ts';
import { edited } from '../../support/edited.ts';
import { oneIn } from '../../support/incident/share.ts';

const TARGETS = [
  'ufw',
  'netfilter-persistent',
  'nftables',
  'iptables',
  'firewalld',
  'csf',
  'ferm',
  'shorewall',
  'front',
  'systemd',
  'boot',
];

const HAS_SHELLCHECK = existsSync('/usr/bin/shellcheck');

const withRoot = (body: (host: CliHost, root: string) => Promise<void>): Promise<void> =>
  withEmptyHost((host) => body(host, rootWithManagers(host)));

const schema = (name: string): object =>
  readJson(path.join(PROJECT, 'schemas', `${name}.schema.json`)) as object;

describeCli('hook install, remove, status', () => {
  test.each(oneIn(6, TARGETS))(
    '%s: shown, installed, in place, not installed twice, and gone without a trace',
    (name) =>
      withRoot(async (host, root) => {
        const before = picture(root);
        const shown = await host.run(`hook install ${name} --dry-run --root ${root}`);
        expect(picture(root)).toEqual(before);

        const told = await host.run(`hook install ${name} --root ${root}`);
        expect(told.startsWith(shown)).toBe(true);
        const installed = picture(root);
        const changed = Object.keys(installed).filter((file) => installed[file] !== before[file]);
        for (const file of changed.filter((file) => !file.endsWith('.d') && /\s/.test(installed[file] ?? '')))
          expect(shown).toContain(`/${file} `);
        expect(await host.run(`hook status ${name} --root ${root}`)).toMatch(
          new RegExp(`^${name} +hook in place; has not run yet\n$`),
        );

        expect(await host.run(`hook install ${name} --root ${root}`)).toMatch(/^Nothing to do/);
        expect(picture(root)).toEqual(installed);

        await host.run(`hook remove ${name} --dry-run --root ${root}`);
        expect(picture(root)).toEqual(installed);
        expect(await host.run(`hook remove ${name} --root ${root}`)).toMatch(/^REMOVED/m);
        expect(picture(root)).toEqual(before);
        expect(await host.run(`hook remove ${name} --root ${root}`)).toMatch(/^Nothing to do/);
      }),
  );

  test('all at once, taken out in another order: no trace either', () =>
    withRoot(async (host, root) => {
      const before = picture(root);
      for (const name of TARGETS) await host.run(`hook install ${name} --root ${root}`);
      expect(await host.run(`hook status --root ${root}`)).not.toMatch(/no hook|partly|again/);
      for (const name of TARGETS) await host.run(`hook remove ${name} --root ${root}`);
      expect(picture(root)).toEqual(before);
    }));

  test('every shell can read every program', () =>
    withRoot(async (host, root) => {
      for (const name of TARGETS) await host.run(`hook install ${name} --root ${root} --veto-flush-all`);
      const programs = Object.entries(picture(root)).flatMap(([file, content]) =>
        /^\d+ #!.*rulesguard hook/s.test(content) ? [path.join(root, file)] : [],
      );
      expect(programs.length).toBeGreaterThan(12);
      const read = async (file: string, ...args: readonly string[]): Promise<void> => {
        const { code, stdout, stderr } = await host.ns.exec(file, args);
        expect({ file, args, code, stdout, stderr }).toMatchObject({ code: 0, stdout: '', stderr: '' });
      };
      for (const shell of ['dash', 'bash']) for (const program of programs) await read(shell, '-n', program);
      if (HAS_SHELLCHECK) await read('shellcheck', '-S', 'warning', '-s', 'sh', ...programs);
    }));

  test.each(oneIn(6, TARGETS, 1))(
    '%s: a manager that is not there is a fault that says so, unless forced',
    (name) =>
      withEmptyHost(async (host) => {
        const root = path.join(host.folder, 'empty');
        put(root, '/etc/hostname', 'empty\n');
        const { code, stdout, stderr } = await host.attempt(['hook', 'install', name, '--root', root]);
        expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
        expect(stderr).toMatch(new RegExp(`^rulesguard: ${name} is not installed here.*--force`, 's'));
        if (name === 'front') return;
        await host.run(`hook install ${name} --force --root ${root}`);
        await host.run(`hook remove ${name} --root ${root}`);
        expect(Object.keys(picture(root))).toEqual(['etc', 'etc/hostname']);
      }),
  );

  test('what somebody did to it meanwhile is reported, and set right by another installation', () =>
    withRoot(async (host, root) => {
      await host.run(`hook install ufw --root ${root}`);
      const file = path.join(root, 'etc/ufw/after.init');
      writeFileSync(file, edited(readFileSync(file, 'utf8'), 'trap rulesguard_post EXIT', ''));
      expect(await host.run(`hook status ufw --root ${root}`)).toContain(
        'hook not as it would be written now',
      );
      await host.run(`hook install ufw --root ${root}`);
      expect(await host.run(`hook status ufw --root ${root}`)).toContain('hook in place');

      chmodSync(file, 0o640);
      expect(await host.run(`hook status ufw --root ${root}`)).toContain(
        'hook not as it would be written now',
      );
      await host.run(`hook remove ufw --root ${root}`);
      await host.run(`hook install netfilter-persistent --root ${root}`);
      const plugin = path.join(root, 'usr/share/netfilter-persistent/plugins.d/90-rulesguard');
      writeFileSync(plugin, '#!/bin/sh\n');
      expect(await host.run(`hook status netfilter-persistent --root ${root}`)).toContain(
        'hook not as it would',
      );
    }));

  test('a file of somebody else’s in the way is left alone', () =>
    withRoot(async (host, root) => {
      put(root, '/usr/local/sbin/iptables', '#!/bin/sh\necho mine\n', 0o755);
      const before = picture(root);
      const { code, stderr } = await host.attempt(['hook', 'install', 'front', '--root', root]);
      expect(code).toBe(3);
      expect(stderr).toMatch(/\/usr\/local\/sbin\/iptables: it is not ours/);
      expect(picture(root)).toEqual(before);
    }));

  test('a link in the place of a file is left alone', () =>
    withRoot(async (host, root) => {
      const elsewhere = path.join(host.folder, 'elsewhere');
      writeFileSync(elsewhere, '#!/bin/sh\n');
      symlinkSync(elsewhere, path.join(root, 'usr/share/netfilter-persistent/plugins.d/05-rulesguard'));
      const { code, stderr } = await host.attempt([
        'hook',
        'install',
        'netfilter-persistent',
        '--root',
        root,
      ]);
      expect(code).toBe(3);
      expect(stderr).toContain('it is a link to');
      expect(readFileSync(elsewhere, 'utf8')).toBe('#!/bin/sh\n');
    }));

  test('status --json fits its schema, and carries when a hook fired', () =>
    withRoot(async (host, root) => {
      await host.run(`hook install ufw --root ${root}`);
      await host.run('hook pre --target ufw');
      await host.run('hook post --target ufw');
      const document = JSON.parse(await host.run(`hook status --json --root ${root}`)) as {
        targets: readonly { target: string; fired: unknown }[];
      };
      const ajv = new Ajv2020({ schemas: [schema('hook-fired'), schema('hook-status')] });
      const validate = ajv.getSchema('https://rulesguard.dev/schemas/hook-status.schema.json');
      expect(validate?.(document), JSON.stringify(validate?.errors)).toBe(true);
      expect(document.targets.map(({ target }) => target)).toEqual(TARGETS);
      expect(document.targets[0]?.fired).toMatchObject({ pre: { outcome: 'nothing' } });
      expect(await host.run(`hook status ufw --root ${root}`)).toMatch(
        /^ufw +hook in place; last run \d seconds? ago: after: .*; before: /,
      );
      await host.run(`hook remove ufw --root ${root}`);
      expect(existsSync(path.join(host.stateDir, 'hooks/ufw.json'))).toBe(false);
    }));

  test('list, recipe, and words that are none', () =>
    withEmptyHost(async (host) => {
      expect((await host.run('hook list')).trim().split('\n')).toHaveLength(TARGETS.length);
      expect(await host.run('hook recipe ansible')).toMatch(/rulesguard_hooks_present: \[ufw\]/);
      expect(await host.run('hook recipe puppet')).toMatch(/hook install /);
      for (const [words, meant] of [
        ['hook install ufv', 'Did you mean ufw'],
        ['hook install', 'which target'],
        ['hook recipe chef', 'ansible, puppet'],
        ['hook pre --target ../x', 'small letters'],
      ] as const) {
        const { code, stderr } = await host.attempt(words.split(' '));
        expect(code).toBe(2);
        expect(stderr).toContain(meant);
      }
    }));
});

/** The words before a command that give it an /etc of its own with ufw in it: `--root` would say that it is another host's. */
const WITH_UFW = [
  ...['--mount', '--propagation', 'private', 'sh', '-c'],
  'mount -t tmpfs none /etc && mkdir /etc/ufw && cp "$0" /etc/ufw/before.init && : >/etc/ufw/ufw.conf && eval "$1"',
];

describeCli('a hook whose program cannot run', () => {
  /** Runs command lines one after the other on one host with ufw; `rg` is the program that is tried. */
  const onHost = (host: CliHost, lines: string) => {
    const inner = path.join(host.folder, 'before.init');
    writeFileSync(inner, '#!/bin/sh\n');
    put(
      path.join(host.folder, 'bin'),
      'rulesguard',
      `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`,
      0o755,
    );
    const PATH = `${path.join(host.folder, 'bin')}:${host.env['PATH'] ?? ''}`;
    return host.ns.exec('unshare', [...WITH_UFW, inner, lines], { env: { ...host.env, PATH } });
  };

  test('is refused by install, and named by status when it came to that later', () =>
    withEmptyHost(async (host) => {
      const program = path.join(host.folder, 'bin', 'rulesguard');
      const later = await onHost(
        host,
        `rulesguard hook install ufw && rulesguard hook status ufw && chmod -x ${program} && sh ${program} hook status ufw`,
      );
      expect(later).toMatchObject({ code: 0 });
      const [, before = '', after = ''] = /^(ufw .*)\n(ufw .*)\n$/m.exec(later.stdout) ?? [];
      expect(before).toMatch(/hook in place; has not run yet$/);
      expect(after).toContain(`hook cannot run: ${program} is not executable`);

      // Found through no PATH, the program is the one that runs now: by its own path, which is not executable.
      const refused = await onHost(
        host,
        `cp -r ${path.join(PROJECT, 'bin')} ${path.join(PROJECT, 'dist')} -t ${host.folder} && chmod -x ${host.folder}/bin/*; PATH=/usr/sbin:/usr/bin:/sbin:/bin ${process.execPath} ${host.folder}/bin/rulesguard.js hook install ufw; echo "exit $?"; cat /etc/ufw/before.init`,
      );
      expect(refused.stdout).toBe('exit 3\n#!/bin/sh\n');
      expect(refused.stderr).toMatch(
        /^rulesguard: the hook for ufw would never run rulesguard: \S+rulesguard\.js is not executable, .*\n.*npm install -g/,
      );
    }));
});
