import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RELEASE } from '../../packaging/linux/release.mjs';
import { PROJECT } from '../support/cli.ts';
import { put } from '../support/hook-root.ts';
import { runUnderSystemd, systemdUnavailable } from '../support/systemd/boot.ts';
import type { Step } from '../support/vm/host.ts';
import { stepsOf } from '../support/vm/steps.ts';

const reason = systemdUnavailable();
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;
const OLD = '0.0.9';
const NEW = RELEASE.version;

/** Makes both packages of a version; their program says of which it is, in the environment of the process it becomes. */
async function pack(folder: string, name: string, version: string): Promise<readonly string[]> {
  const program = path.join(folder, `program-${name}`);
  const start = `PACKAGED=${version} exec ${process.execPath} /opt/rulesguard/bin/rulesguard.js "$@"`;
  put(folder, path.basename(program), `#!/bin/sh\n${start}\n`, 0o755);
  const made = path.join(folder, version);
  const options = ['--only', 'x64', '--quick', '--program', program, '--release', version, '--to', made];
  await execa(process.execPath, [path.join(PROJECT, 'packaging/package.mjs'), ...options]);
  return [
    ['deb', `rulesguard_${version}-1_amd64.deb`],
    ['rpm', `rulesguard-${version}-1.x86_64.rpm`],
  ].map(([format = '', file = '']) => {
    const as = path.join(folder, `${name}.${format}`);
    copyFileSync(path.join(made, file), as);
    return as;
  });
}

const ALL_OFF = 'disabled disabled disabled\ninactive inactive inactive\n';
const ALL_ON = 'enabled disabled enabled\nactive inactive active\n';

describe.skipIf(reason !== undefined)(`packages where systemd runs${skipped}`, () => {
  const folder = mkdtempSync('/var/tmp/rulesguard-versions-');
  let steps: ReadonlyMap<string, Step>;
  const { step, came } = stepsOf(() => steps);
  beforeAll(async () => {
    const packages = await Promise.all([pack(folder, 'old', OLD), pack(folder, 'new', NEW)]);
    const rules = ['ipv4', 'ipv6'].map((family) =>
      path.join(PROJECT, 'test/fixtures/engine-28.5-plain', `${family}.save`),
    );
    const script = path.join(import.meta.dirname, 'packages.sh');
    steps = await runUnderSystemd(script, [...rules, ...packages.flat()], 900);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  describe.each(['deb', 'rpm'])('.%s', (format) => {
    const ofFormat = (name: string) => `${format}-${name}`;

    test('once installed, nothing is enabled, and nothing runs', () => {
      came(ofFormat('install'), 0);
      expect(step(ofFormat('fresh'))).toEqual({ code: 0, said: ALL_OFF });
    });

    test('upgraded: what was enabled is, the watch runs the new program and repairs, settings and baseline are as they were', () => {
      came(ofFormat('started'), 0, `PACKAGED=${OLD}\n`);
      came(ofFormat('upgrade'), 0);
      expect(step(ofFormat('upgraded'))).toEqual({ code: 0, said: ALL_ON });
      came(ofFormat('version'), 0, `PACKAGED=${NEW}\n`);
      came(ofFormat('same'), 0);
      came(ofFormat('repairs'), 0);
    });

    test('and back: the old program runs again, and what the operator disabled meanwhile stays so', () => {
      came(ofFormat('downgrade'), 0);
      const said = 'enabled disabled disabled\nactive inactive inactive\n';
      expect(step(ofFormat('downgraded'))).toEqual({ code: 0, said });
      came(ofFormat('old-version'), 0, `PACKAGED=${OLD}\n`);
      came(ofFormat('same-again'), 0);
    });

    test('taken out: the watch has ended, and of files and links nothing is left', () => {
      for (const name of [format === 'deb' ? 'remove' : 'erase', 'ended', 'kept']) came(ofFormat(name), 0);
      expect(step(ofFormat('left'))).toEqual({ code: 0, said: '' });
    });
  });

  test('a policy-rc.d that denies it keeps the watch from being restarted', () => {
    came('deb-policy', 0, /policy-rc\.d returned 101/);
    came('deb-policy-old', 0);
  });

  test('the .deb installed again: what was enabled is, and nothing is started', () => {
    came('deb-again', 0);
    const said = 'enabled disabled disabled\ninactive inactive inactive\n';
    expect(step('deb-again-units')).toEqual({ code: 0, said });
    came('deb-purge', 0);
  });

  test('a watch that was stopped is not started by an upgrade of the .rpm', () => {
    came('rpm-stopped-upgrade', 0);
    came('rpm-stopped', 0, 'enabled disabled disabled\ninactive inactive inactive\n');
  });

  test('the .rpm is not taken out while a change waits, and goes on', () => {
    came('rpm-refused', 1, 'waits to be confirmed');
    expect(step('rpm-refused-units')).toEqual({ code: 0, said: ALL_ON });
  });
});
