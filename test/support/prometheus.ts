import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { labDirectory } from './lab/roots.ts';

/**
 * Debian's Prometheus, unpacked and not installed: installing it would start a service on this machine.
 *
 * @returns the folder of `prometheus` and `promtool`; undefined where no package can be had
 */
export async function prometheusFolder(): Promise<string | undefined> {
  const installed = ['/usr/bin', '/usr/local/bin'].find((folder) =>
    existsSync(path.join(folder, 'promtool')),
  );
  if (installed !== undefined) return installed;
  const target = path.join(labDirectory(), 'prometheus');
  const folder = path.join(target, 'usr/bin');
  if (existsSync(folder)) return folder;
  const draft = `${target}.${String(process.pid)}`;
  mkdirSync(draft, { recursive: true });
  const got = await execa('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', 'prometheus'], {
    cwd: draft,
    reject: false,
  });
  const file = readdirSync(draft).find((name) => name.endsWith('.deb'));
  if (got.exitCode === 0 && file !== undefined) {
    await execa('dpkg-deb', ['--extract', path.join(draft, file), draft]);
    rmSync(path.join(draft, file));
    // Another worker may have been quicker.
    if (!existsSync(target)) renameSync(draft, target);
  }
  rmSync(draft, { recursive: true, force: true });
  return existsSync(folder) ? folder : undefined;
}
