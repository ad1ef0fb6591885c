import { existsSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { ERAS, type Era } from './eras.ts';

const PACKAGES = [
  'docker.io',
  'iptables',
  'nftables',
  'iproute2',
  'ipset',
  'conntrack',
  'busybox-static',
  'ca-certificates',
];

/** Where the roots are kept between runs: about 550 MB each. `RULESGUARD_LAB_DIR` moves it. */
export function labDirectory(): string {
  return process.env['RULESGUARD_LAB_DIR'] ?? '/var/cache/rulesguard-lab';
}

/** The directory of an era's root; it exists only once the root is complete. '' where a variable should name it and does not. */
export function rootDirectory(era: Era): string {
  const { rootFrom } = ERAS[era];
  if (rootFrom !== undefined) return process.env[rootFrom] ?? '';
  return path.join(labDirectory(), ERAS[era].suite);
}

/**
 * The Debian mirrors this machine itself uses, from apt's own reading of its sources, so that whatever serves the
 * machine serves the lab. `RULESGUARD_LAB_MIRROR` comes first where it is set (a machine that is not Debian's).
 */
async function mirrors(): Promise<string[]> {
  const { failed, stdout } = await execa(
    'apt-get',
    ['indextargets', '--no-release-info', '--format', '$(REPO_URI) $(COMPONENT)', 'Created-By: Packages'],
    { reject: false, env: { LC_ALL: 'C' } },
  );
  const own = (failed ? '' : stdout)
    .split('\n')
    .filter((line) => line.endsWith(' main') && !line.includes('security'))
    .map((line) => line.slice(0, line.indexOf(' ')));
  const named = process.env['RULESGUARD_LAB_MIRROR'];
  return [...new Set(named === undefined ? own : [named, ...own])];
}

/** The proxy apt is configured with; debootstrap asks only the environment. */
export async function aptProxy(): Promise<Record<string, string>> {
  const { failed, stdout } = await execa('apt-config', ['shell', 'proxy', 'Acquire::http::Proxy/f'], {
    reject: false,
  });
  const proxy = /^proxy='(.+)'$/m.exec(failed ? '' : stdout)?.[1];
  return proxy === undefined || proxy === 'DIRECT' ? {} : { http_proxy: proxy };
}

/**
 * Makes sure a root is there; debootstraps it when it is missing. Safe to call from several processes at once.
 * @throws Error with debootstrap's last lines when it cannot be built
 */
export async function debootstrapped(
  target: string,
  suite: string,
  packages: readonly string[],
): Promise<string> {
  if (existsSync(target)) return target;
  const from = await mirrors();
  if (from.length === 0) throw new Error('no Debian mirror known: set RULESGUARD_LAB_MIRROR');
  // Own namespaces: debootstrap mounts /proc in what it builds, and a build that is killed must leave no mount behind.
  const isolated = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  await execa(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', ...isolated, path.join(import.meta.dirname, 'inside/build-root.sh')],
      ...[target, suite, packages.join(','), ...from],
    ],
    { env: await aptProxy() },
  );
  return target;
}

/**
 * Makes sure the era's root exists; builds it when it is missing (half a minute, from the machine's own mirror).
 * @returns the root's directory, to be used read-only
 */
export async function ensureRoot(era: Era): Promise<string> {
  const target = rootDirectory(era);
  const { suite, packages, rootFrom } = ERAS[era];
  if (rootFrom !== undefined && !existsSync(target))
    throw new Error(`no root of Engine ${era}: ${rootFrom} names ${target === '' ? 'none' : target}`);
  return debootstrapped(target, suite, [...PACKAGES, ...packages]);
}
