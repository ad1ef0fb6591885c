import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { describeCli, PROJECT, readJson, withEmptyHost, withHost } from '../../support/cli.ts';

const validate = new Ajv2020.default({ strict: true, allErrors: true }).compile(
  readJson(path.join(PROJECT, 'schemas', 'doctor.schema.json')) as object,
);

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

/** The names and texts of a bundle's files, as the system's own tar unpacks them. */
async function unpacked(file: string): Promise<string> {
  const { stdout } = await execa('tar', ['-xzOf', file]);
  return stdout;
}

describeCli('doctor', () => {
  test('on a host without Docker: cannot tell, with the sockets it tried', () =>
    withEmptyHost(async (host) => {
      const { code, stdout } = await host.attempt(['doctor']);
      expect(code).toBe(3);
      expect(stdout).toMatch(/^CANNOT TELL/);
      expect(stdout).toContain('docker.sock');
    }));

  test("Docker's rules without a dockerd: the cause is that it does not run", () =>
    withHost(async (host) => {
      const { code, stdout } = await host.attempt(['doctor']);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^FAULT/);
      expect(stdout).toContain('dockerd does not run');
      expect(stdout).toContain('systemctl start docker');
    }));

  test.each([[], ['--verbose']])('one screen by default, everything with --verbose: %j', (...words) =>
    withHost(async (host) => {
      const { stdout } = await host.attempt(['doctor', ...words]);
      if (words.length === 0) expect(stdout.split('\n').length).toBeLessThanOrEqual(25);
      else expect(stdout.split('\n').length).toBeGreaterThan(10);
    }),
  );

  test('--json fits its schema', () =>
    withHost(async (host) => {
      const { stdout } = await host.attempt(['doctor', '--json']);
      expect([validate(JSON.parse(stdout)), validate.errors]).toEqual([true, null]);
    }));

  test('doctor changes no rule', () =>
    withHost(async (host) => {
      const before = await host.rules();
      await host.attempt(['doctor', '--probe', '--verbose']);
      expect(await host.rules()).toBe(before);
    }));

  test('--html and --bundle write mode 0600; with --mask no address of the host is in them', () =>
    withHost(async (host) => {
      await host.sh('ip link set lo up');
      await host.sh('iptables -A FORWARD -s 203.0.113.45/32 -j DROP');
      const [html, plain, masked] = ['page.html', 'plain.tar.gz', 'masked.tar.gz'].map((name) =>
        path.join(host.folder, name),
      ) as [string, string, string];
      await host.attempt(['doctor', '--html', html, '--bundle', plain]);
      await host.attempt(['doctor', '--bundle', masked, '--mask']);
      expect([html, plain, masked].map(mode)).toEqual(['600', '600', '600']);
      const page = readFileSync(html, 'utf8');
      expect(page).toMatch(/^<!doctype html>/i);
      // The letters of the page are those of its source.
      expect(page).toMatch(/<title>[^<]+ · [^<]+<\/title>/);
      expect(page).not.toMatch(/[ÂâÃ\ufffd]/);
      expect(await unpacked(plain)).toContain('203.0.113.45');
      expect(await unpacked(masked)).not.toContain('203.0.113.45');
      const asPeer = (bundle: string) =>
        host.attempt(['doctor', 'host', '--to', '192.0.2.20', '--here', plain, '--peer', bundle]);
      expect((await asPeer(plain)).stdout).toMatch(/^[A-Z ]+ {2}host on .+ 192\.0\.2\.20:443\/tcp on /);
      expect((await asPeer(masked)).stderr).toContain('it was made with --mask, or by an older rulesguard');
    }));

  test('--html refuses a symbolic link', () =>
    withHost(async (host) => {
      const [link, target] = ['link', 'target'].map((name) => path.join(host.folder, name)) as [
        string,
        string,
      ];
      symlinkSync(target, link);
      const { code, stderr } = await host.attempt(['doctor', '--html', link]);
      expect(code).toBe(3);
      expect(stderr).toContain('is no plain file');
      expect(existsSync(target)).toBe(false);
    }));
});
