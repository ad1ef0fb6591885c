import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { PROJECT } from '../cli.ts';
import { debootstrapped, labDirectory } from '../lab/roots.ts';
import { LAB_ENV } from '../lab/run.ts';

const SUITE = 'trixie';
const PACKAGES = [
  ...['systemd-sysv', 'udev', 'dbus', 'kmod', 'linux-image-cloud-amd64', 'docker.io', 'docker-cli', 'procps'],
  ...['iptables', 'nftables', 'ipset', 'iproute2', 'ipvsadm', 'conntrack', 'ca-certificates', 'util-linux'],
  ...['busybox-static', 'wireguard-tools', 'ufw'],
];
const TOOLS = ['qemu-system-x86_64', 'mke2fs', 'debugfs', 'debootstrap', 'flock', 'setpriv'];
/** Words for the guest's kernel. An emulated one on a busy machine is slow: what waits for it must not give up. */
const BOOT = 'root=/dev/vda rw no_timer_check console=ttyS0 systemd.default_timeout_start_sec=1800s';
/** Seconds after which a guest that has said nothing is started anew: seen once in eight boots, idle and with an empty console. */
const SILENT = 600;
const HERE = import.meta.dirname;

/** What a command on the guest came to. Text is bytes: one character is one byte (latin1). */
export interface Step {
  readonly code: number;
  readonly said: string;
}

/**
 * Why no whole host can be booted here, as a reason to skip with; undefined when one can.
 * @throws Error under CI=true instead of giving a reason: a layer that silently skips there proves nothing
 */
export function hostUnavailable(): string | undefined {
  const folders = (LAB_ENV['PATH'] ?? '').split(':');
  const missing = TOOLS.filter((name) => !folders.some((folder) => existsSync(path.join(folder, name))));
  const reason =
    userInfo().uid !== 0
      ? 'a root of its own needs root'
      : process.arch !== 'x64'
        ? `no kernel is fetched for ${process.arch}`
        : missing.length > 0
          ? `missing on this machine: ${missing.join(', ')}`
          : undefined;
  if (reason !== undefined && process.env['CI'] === 'true')
    throw new Error(`host tests must run under CI: ${reason}`);
  return reason;
}

/** A whole Debian: systemd, a kernel of its own, Docker under its own unit. Built once, a minute and 1.7 GB. */
async function ensureDisk(): Promise<{ readonly root: string; readonly disk: string }> {
  const root = await debootstrapped(path.join(labDirectory(), `${SUITE}-host`), SUITE, PACKAGES);
  const disk = `${root}.ext4`;
  await execa('nice', [path.join(HERE, 'build-disk.sh'), root, disk], { env: LAB_ENV });
  return { root, disk };
}

/** The disk that carries the built program, Node and the test's script, with those beside it, into the guest. */
async function packed(folder: string, scenario: string): Promise<string> {
  const from = path.join(folder, 'packed');
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(path.join(PROJECT, part), path.join(from, 'rulesguard', part), { recursive: true });
  cpSync(process.execPath, path.join(from, 'node'));
  cpSync(path.join(HERE, 'init.sh'), path.join(from, 'init.sh'));
  for (const name of readdirSync(path.dirname(scenario)))
    if (name.endsWith('.sh')) cpSync(path.join(path.dirname(scenario), name), path.join(from, name));
  cpSync(scenario, path.join(from, 'scenario.sh'));
  const disk = path.join(folder, 'packed.ext4');
  await execa('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', from, disk, '200M'], { env: LAB_ENV });
  return disk;
}

/**
 * Boots a host that nobody else has and nothing of which is kept, has it run a script and returns what its steps came to.
 * It has no network.
 *
 * @param scenario - a file with functions `boot1`, `boot2`: what is done at each boot; see `init.sh`
 * @param seconds - after which it is switched off; it is started up to three times where it does not come up
 * @throws Error with the last words of its console when the script did not end
 */
export async function runOnHost(scenario: string, seconds: number): Promise<ReadonlyMap<string, Step>> {
  const { root, disk } = await ensureDisk();
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-vm-'));
  const [console, results] = [path.join(folder, 'console'), path.join(folder, 'results')];
  const inBoot = (prefix: string): string =>
    path.join(
      root,
      'boot',
      readdirSync(path.join(root, 'boot')).find((name) => name.startsWith(prefix)) ?? '',
    );
  try {
    const drives = [
      // Writes go to a file that is gone with the process.
      `file=${disk},if=virtio,format=raw,snapshot=on`,
      `file=${await packed(folder, scenario)},if=virtio,format=raw,readonly=on`,
    ];
    const words = [
      ...[
        '--pdeathsig',
        'KILL',
        'qemu-system-x86_64',
        '-accel',
        'tcg,thread=multi',
        '-m',
        '2048',
        '-smp',
        '2',
      ],
      ...['-display', 'none', '-monitor', 'none', '-nic', 'none'],
      ...['-serial', `file:${console}`, '-serial', `file:${results}`],
      ...['-kernel', inBoot('vmlinuz-'), '-initrd', inBoot('initrd.img-')],
      ...['-append', BOOT],
      ...drives.flatMap((drive) => ['-drive', drive]),
    ];
    for (let boots = 1; ; boots++) {
      const stop = new AbortController();
      const watch = setTimeout(() => {
        if (!said(results)) stop.abort();
      }, SILENT * 1000);
      await execa('setpriv', words, {
        env: LAB_ENV,
        timeout: seconds * 1000,
        cancelSignal: stop.signal,
        forceKillAfterDelay: 1_000,
        reject: false,
        stdin: 'ignore',
      });
      clearTimeout(watch);
      if (said(results) || boots === 3) break;
    }
    const steps = stepsIn(readFileSync(results, 'latin1'));
    if (steps.has('end')) return steps;
    const last = readFileSync(console, 'latin1').split('\n').slice(-15).join('\n');
    throw new Error(`no end within ${String(seconds)} s, after ${[...steps.keys()].join(', ')}:\n${last}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether the guest has come as far as `init.sh`. */
const said = (results: string): boolean => existsSync(results) && readFileSync(results).length > 0;

/** What the steps of a script came to, in what it printed of them. */
export function stepsIn(text: string): ReadonlyMap<string, Step> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name = '', code, said = ''] = /^@ (\S+) (\d+) (\S*)\r?$/.exec(line) ?? [];
      return code === undefined
        ? []
        : [[name, { code: Number(code), said: Buffer.from(said, 'base64').toString('latin1') }] as const];
    }),
  );
}
