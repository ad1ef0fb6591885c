import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, PROGRAM, withEmptyHost, withHost, type CliHost } from '../../support/cli.ts';
import { put, putProgram, rootWithManagers } from '../../support/hook-root.ts';
import { oneIn } from '../../support/incident/share.ts';

/** Every shell program that hooks consist of, and how its manager calls it. */
const SCRIPTS: readonly (readonly [string, string, readonly string[]])[] = [
  ['ufw', '/etc/ufw/before.init', ['start', 'stop', 'flush-all', 'status']],
  [
    'netfilter-persistent',
    '/usr/share/netfilter-persistent/plugins.d/05-rulesguard',
    ['start', 'flush', 'save'],
  ],
  [
    'netfilter-persistent',
    '/usr/share/netfilter-persistent/plugins.d/90-rulesguard',
    ['start', 'flush', 'save'],
  ],
  ['nftables', '/usr/local/lib/rulesguard/nftables', ['pre', 'post']],
  ['csf', '/etc/csf/csfpost.sh', ['']],
  ['ferm', '/usr/local/lib/rulesguard/ferm', ['pre', 'post']],
  ['shorewall', '/usr/local/lib/rulesguard/shorewall', ['pre', 'post']],
  ['firewalld', '/usr/local/lib/rulesguard/firewalld', ['pre', 'post']],
];

/** Installs a target's hook so that it calls `program`. */
async function install(host: CliHost, root: string, name: string, program: string) {
  const { file, PATH } = putProgram(host, program);
  const { code, stderr } = await host.attempt(['hook', 'install', name, '--root', root], { env: { PATH } });
  if (code !== 0) throw new Error(stderr);
  return file;
}

const runScript = (host: CliHost, root: string, file: string, args: readonly string[]) =>
  host.ns.exec('sh', [path.join(root, file), ...args], { env: host.env });

const BROKEN: readonly (readonly [string, (file: string) => void])[] = [
  [
    'ends with 1',
    (file) => {
      writeFileSync(file, '#!/bin/sh\nexit 1\n');
    },
  ],
  [
    'has lost its Node',
    (file) => {
      writeFileSync(file, '#!/nonexistent/node\n');
    },
  ],
  [
    'is gone',
    (file) => {
      rmSync(file);
    },
  ],
  [
    'hangs, and does not hear TERM',
    (file) => {
      writeFileSync(file, "#!/bin/sh\ntrap '' TERM\nsleep 30\nsleep 30\n");
    },
  ],
];

describeCli('hooks beside a broken rulesguard', () => {
  test.each(oneIn(4, SCRIPTS))(
    '%s: %s lets the change go on, and says what is wrong',
    (name, file, calls) =>
      withEmptyHost(async (host) => {
        const root = rootWithManagers(host);
        const program = await install(host, root, name, '#!/bin/sh\n');
        const place = path.join(root, file);
        // A minute of patience is too long for a test.
        writeFileSync(place, readFileSync(place, 'utf8').replaceAll('timeout -k 5 60', 'timeout -k 1 1'));
        for (const [, damage] of BROKEN) {
          put(path.dirname(program), 'rulesguard', '', 0o755);
          damage(program);
          for (const call of calls) {
            const { code, stderr } = await runScript(host, root, file, call === '' ? [] : [call]);
            expect(code).toBe(0);
            const isSilent = call === 'status' || call === 'save';
            if (isSilent) expect(stderr).toBe('');
            else
              expect(stderr).toMatch(/^rulesguard hook (?:pre|post) --target [a-z-]+ failed \(exit \d+\)/m);
          }
        }
      }),
    60_000,
  );

  test('the program of a hook that moved is found again through PATH', () =>
    withEmptyHost(async (host) => {
      const root = rootWithManagers(host);
      const program = await install(host, root, 'nftables', '#!/bin/sh\necho "called $*"\n');
      rmSync(program);
      put(path.join(host.folder, 'other'), 'rulesguard', '#!/bin/sh\necho "moved $*"\n', 0o755);
      const PATH = `${path.join(host.folder, 'other')}:${host.env['PATH'] ?? ''}`;
      const { code, stderr } = await host.ns.exec(
        'sh',
        [path.join(root, '/usr/local/lib/rulesguard/nftables'), 'post'],
        { env: { ...host.env, PATH } },
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: 'moved hook post --target nftables\n' });
    }));
});

describeCli('ufw’s own programs with the hook in them', () => {
  test('keep their say: after.init ends as it did, and post runs after it', () =>
    withEmptyHost(async (host) => {
      const root = rootWithManagers(host);
      await install(host, root, 'ufw', '#!/bin/sh\necho "called $*"\n');
      const { code, stdout, stderr } = await runScript(host, root, '/etc/ufw/after.init', ['start']);
      expect({ code, stdout, stderr }).toEqual({
        code: 3,
        stdout: 'mine start\n',
        stderr: 'called hook post --target ufw\n',
      });
      expect((await runScript(host, root, '/etc/ufw/after.init', ['status'])).stderr).toBe('');
    }));

  test('flush-all is refused only where that was asked for', () =>
    withEmptyHost(async (host) => {
      const root = rootWithManagers(host);
      await install(host, root, 'ufw', '#!/bin/sh\n');
      expect((await runScript(host, root, '/etc/ufw/before.init', ['flush-all'])).code).toBe(0);
      await host.run(`hook install ufw --veto-flush-all --root ${root}`);
      const { code, stderr } = await runScript(host, root, '/etc/ufw/before.init', ['flush-all']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/not done: flush-all would take the rules of Docker too/);
      expect((await runScript(host, root, '/etc/ufw/before.init', ['start'])).code).toBe(0);
    }));

  test('installed as written they repair what a change broke', () =>
    withHost(async (host) => {
      const root = rootWithManagers(host);
      await install(
        host,
        root,
        'netfilter-persistent',
        `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`,
      );
      const whole = await host.rules();
      const plugin = (number: string) => `/usr/share/netfilter-persistent/plugins.d/${number}-rulesguard`;
      await runScript(host, root, plugin('05'), ['start']);
      await host.sh('iptables -t nat -F');
      expect((await runScript(host, root, plugin('90'), ['start'])).stderr).toMatch(/^REPAIRED/m);
      expect(await host.rules()).toBe(whole);
      expect(await host.run(`hook status netfilter-persistent --root ${root}`)).toMatch(
        /last run \d+ seconds? ago: after: Docker's rules intact, \d+ findings repaired; before: recorded as baseline 000001-/,
      );
      expect(existsSync(path.join(host.stateDir, 'hooks/netfilter-persistent.json'))).toBe(true);
    }));
});
