// Brings a clean clone to the point where tests and demo can run. Plain Node, because nothing is installed yet.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');

/** A tool, and the Debian package that brings it. */
const tools = {
  iptables: 'iptables',
  ip: 'iproute2',
  unshare: 'util-linux',
  nft: 'nftables',
  ipset: 'ipset',
  conntrack: 'conntrack',
  debootstrap: 'debootstrap',
  chromium: 'chromium',
  tcpdump: 'tcpdump',
  ping: 'iputils-ping',
  ssh: 'openssh-client',
  'qemu-system-x86_64': 'qemu-system-x86',
  mke2fs: 'e2fsprogs',
  debugfs: 'e2fsprogs',
  rpmbuild: 'rpm',
  lintian: 'lintian',
  rpmlint: 'rpmlint',
  mandoc: 'mandoc',
  shellcheck: 'shellcheck',
  'ansible-playbook': 'ansible-core',
  'ansible-lint': 'ansible-lint',
};

/** What the demo plays with; the tests want every tool. */
export const DEMO_TOOLS = /** @type {const} */ (['iptables', 'ip', 'unshare', 'nft']);

/**
 * Installs what is missing (npm's packages, Debian's as root) and builds. What cannot be installed is named on stderr;
 * the tests that need it then skip with a reason, or fail under CI.
 *
 * @param {readonly (keyof typeof tools)[]} [wanted]
 */
export function prepare(wanted = /** @type {(keyof typeof tools)[]} */ (Object.keys(tools))) {
  installTools(wanted);
  if (!existsSync(path.join(root, 'node_modules', '.package-lock.json'))) run('npm', ['ci']);
  run('npm', ['run', '--silent', 'build']);
}

/**
 * Runs a program in the project's folder, with its output on our stderr: stdout is for results.
 *
 * @param {string} program
 * @param {readonly string[]} args
 */
export function run(program, args) {
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: environment(),
  });
  if (status === 0) return;
  console.error(`${[program, ...args].join(' ')}: ${error?.message ?? `exit ${String(status)}`}`);
  process.exit(2);
}

/** @param {readonly (keyof typeof tools)[]} wanted */
function installTools(wanted) {
  const missing = wanted.filter((tool) => !isInstalled(tool));
  const packages = [...new Set(missing.map((tool) => tools[tool]))];
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    console.error(
      `Missing: ${missing.join(', ')}. On Debian or Ubuntu: apt-get install ${packages.join(' ')}`,
    );
    return;
  }
  run('apt-get', ['update', '--quiet=2']);
  run('apt-get', ['install', '--quiet=2', '--yes', '--no-install-recommends', ...packages]);
}

/** The sbin folders are in root's PATH only. */
function searchPath() {
  return `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
}

/** @param {string} tool */
function isInstalled(tool) {
  return searchPath()
    .split(':')
    .some((folder) => {
      try {
        accessSync(path.join(folder, tool), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function environment() {
  return { ...process.env, PATH: searchPath(), DEBIAN_FRONTEND: 'noninteractive' };
}
