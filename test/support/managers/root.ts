import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import type { Era } from '../lab/eras.ts';
import { aptProxy, ensureRoot, rootDirectory } from '../lab/roots.ts';

/** Which managers stand beside which Engine. Debian 12 is there for two that behave otherwise in it than later. */
const PACKAGES = {
  '28.5': {
    installed: ['ufw', 'firewalld', 'dbus', 'ferm', 'shorewall', 'fail2ban'],
    // ufw breaks iptables-persistent.
    fetched: ['iptables-persistent', 'netfilter-persistent'],
  },
  '20.10': { installed: ['firewalld', 'dbus', 'ferm'], fetched: [] },
} as const;

/** The Engines that managers are tried beside. */
export type ManagersEra = Era & keyof typeof PACKAGES;

/**
 * Makes sure there is a root with the era's Engine and the firewall managers of the same Debian, installed and not
 * started; builds it when it is missing (half a minute, 600 MB). Safe to call from several processes at once.
 * @returns its directory, to be used read-only
 * @throws Error with apt's last lines when it cannot be built
 */
export async function ensureManagersRoot(era: ManagersEra): Promise<string> {
  const base = await ensureRoot(era);
  const target = `${rootDirectory(era)}-managers`;
  if (existsSync(target)) return target;
  const { installed, fetched } = PACKAGES[era];
  // Own namespaces: a build that is killed must leave no mount behind.
  const isolated = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const build = path.join(import.meta.dirname, 'build-root.sh');
  const { failed } = await execa(
    'setpriv',
    ['--pdeathsig', 'KILL', ...isolated, build, target, base, installed.join(' '), fetched.join(' ')],
    { env: await aptProxy(), reject: false },
  );
  if (failed) {
    const log = readFileSync(`${target}.log`, 'utf8').trimEnd().split('\n').slice(-5);
    throw new Error(`the firewall managers cannot be installed:\n${log.join('\n')}`);
  }
  return target;
}
