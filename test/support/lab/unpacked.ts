import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { labDirectory } from './roots.ts';

/**
 * Debian packages, unpacked and not installed: installing them would start a service on this machine. Safe to call from several processes at once.
 *
 * @param name - the folder's, among the lab's
 * @returns their root; undefined where they cannot be had
 */
export async function unpacked(name: string, packages: readonly string[]): Promise<string | undefined> {
  const target = path.join(labDirectory(), name);
  if (existsSync(target)) return target;
  const draft = `${target}.${String(process.pid)}`;
  mkdirSync(draft, { recursive: true });
  const download = () =>
    execa('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...packages], {
      cwd: draft,
      reject: false,
    });
  let got = await download();
  if (got.exitCode !== 0) {
    // A fresh machine has no lists of packages, or such as are too old.
    await execa('apt-get', ['-q', 'update'], { reject: false });
    got = await download();
  }
  if (got.exitCode === 0) {
    for (const file of readdirSync(draft).filter((one) => one.endsWith('.deb'))) {
      await execa('dpkg-deb', ['--extract', path.join(draft, file), draft]);
      rmSync(path.join(draft, file));
    }
    // Another worker may have been quicker.
    if (!existsSync(target)) renameSync(draft, target);
  }
  rmSync(draft, { recursive: true, force: true });
  return existsSync(target) ? target : undefined;
}
