import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withEmptyHost, type CliHost } from '../../support/cli.ts';
import { recording } from '../../support/recorded/recordings.ts';
import { FAMILIES } from '../../support/kernel.ts';
import { edited } from '../../support/edited.ts';
import { neighboursKept, populated } from '../../support/recorded/populated.ts';

const strip = (host: CliHost, input: string, ...more: readonly string[]) =>
  host.attempt(['strip', ...more], { input });

describeCli('strip', () => {
  // Every recording is stripped in test/unit/app/strip-recordings.test.ts; here the kernel loads what is left of the richest.
  test.each([
    'engine-20.10-mesh',
    'engine-26.1-bridges',
    'engine-28.5-legacy',
    'engine-28.5-gateways',
    'engine-29.7-modes',
  ])('%s: nothing of Docker’s is left, and every other byte, and it loads', (name) =>
    withEmptyHost(async (host) => {
      for (const family of FAMILIES)
        for (const withCounters of [true, false]) {
          const save = populated(recording(name).text[family], family, withCounters);
          const { code, stdout } = await strip(host, save);
          expect(code).toBe(0);
          expect(stdout).toBe(neighboursKept(save, recording(name).owned, family));
          const loaded = await host.ns.restore(family, 'nft', stdout, withCounters ? ['-c'] : []);
          expect(loaded).toEqual({ code: 0, stdout: '', stderr: '' });
          expect(await host.ns.save(family, 'nft')).not.toContain('DOCKER');
        }
    }),
  );

  test('keeps what a user wrote into DOCKER-USER, and the chain it stands in', () =>
    withEmptyHost(async (host) => {
      const { text } = recording('engine-28.5-plain');
      const mine = '-A DOCKER-USER -s 198.51.100.1/32 -j DROP\n';
      const { stdout } = await strip(host, edited(text.ipv4, /^\[\d+:\d+\] -A DOCKER-FORWARD/m, `${mine}$&`));
      expect(stdout.match(/.*DOCKER.*\n/g)).toEqual([':DOCKER-USER - [0:0]\n', mine]);
      expect((await host.ns.restore('ipv4', 'nft', stdout)).code).toBe(0);
    }));

  test('keeps carriage returns and a missing last newline', () =>
    withEmptyHost(async (host) => {
      const { text } = recording('engine-28.5-plain');
      const { stdout } = await strip(
        host,
        populated(text.ipv4, 'ipv4', true).replaceAll('\n', '\r\n').trimEnd(),
      );
      expect(stdout).not.toContain('DOCKER');
      expect(stdout).toMatch(/^# kept by hand\r\n/);
      expect(stdout.match(/MASQUERADE\r\n/g)).toHaveLength(1);
      expect(stdout.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    }));
});

/** Input that cannot be read safely, and what is said of it. */
const FAULTS: readonly (readonly [string, string, RegExp])[] = [
  ['nothing at all', '', /nothing came in/],
  ['a save cut short', '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\n', /line 3.*COMMIT is missing/],
  ['an incompatible table', "# Table `nat' is incompatible, use 'nft' tool.\n", /table nat cannot be shown/],
  ['something else', 'create banned hash:ip\n', /line 1: is not a line/],
  [
    'a comment that would load as a rule',
    '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment "x\n-A INPUT -j DROP\n#" -j LOG\nCOMMIT\n',
    /line 4: is inside a quoted value/,
  ],
  ['a NUL', '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 1.2.3.4\0 -j DROP\nCOMMIT\n', /line 3: holds a NUL/],
];

describeCli('strip --output', () => {
  test('replaces the file in one step', () =>
    withEmptyHost(async (host) => {
      const file = path.join(host.folder, 'rules.v4');
      writeFileSync(file, 'old\n');
      chmodSync(file, 0o640);
      const { ino } = statSync(file);
      const { text } = recording('engine-28.5-plain');
      const { code, stdout } = await strip(host, text.ipv4, '-o', file);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(readFileSync(file, 'latin1')).toBe((await strip(host, text.ipv4)).stdout);
      expect(statSync(file).ino).not.toBe(ino);
      expect(readdirSync(host.folder)).toEqual(['rules.v4']);
    }));

  test.each(FAULTS)('leaves the file alone when %s comes in', (_, input, why) =>
    withEmptyHost(async (host) => {
      const file = path.join(host.folder, 'rules.v4');
      writeFileSync(file, 'old\n');
      const { code, stdout, stderr } = await strip(host, input, '--output', file);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(why);
      expect(readFileSync(file, 'utf8')).toBe('old\n');
      expect(readdirSync(host.folder)).toEqual(['rules.v4']);
    }),
  );

  test('says where it could not write', () =>
    withEmptyHost(async (host) => {
      const { text } = recording('engine-28.5-plain');
      const { code, stderr } = await strip(
        host,
        text.ipv4,
        '-o',
        path.join(host.folder, 'no', 'such', 'folder', 'x'),
      );
      expect(code).toBe(3);
      expect(stderr).toContain('no/such/folder');
    }));
});
