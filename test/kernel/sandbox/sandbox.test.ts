import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { oneIn } from '../../support/incident/share.ts';
import { until } from '../../support/until.ts';

/** What a rehearsal could leave behind on this machine, beside processes. */
async function footprint(host: CliHost): Promise<unknown> {
  const { stdout } = await host.ns.exec('ip', ['-o', 'link']);
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'latin1'),
    links: stdout,
    rules: await host.rules(),
    folders: ['/mnt', '/media', '/srv', '/opt', '/run', '/etc'].map((folder) => readdirSync(folder)),
    state: existsSync(host.folder) ? readdirSync(host.folder) : [],
  };
}

/** Processes with a word in their command line. */
function processesWith(word: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
        .split('\0')
        .some((argument) => argument === word || argument.startsWith(`${word}/fd/`));
    } catch {
      return false;
    }
  });
}

/** The control groups of a process's rehearsals. */
function groupsOf(pid: string): readonly string[] {
  const hierarchies = ['', ...(existsSync('/sys/fs/cgroup') ? readdirSync('/sys/fs/cgroup') : [])];
  return hierarchies.flatMap((name) => {
    const folder = path.join('/sys/fs/cgroup', name);
    const entries = statSync(folder).isDirectory() ? readdirSync(folder) : [];
    return entries.filter((entry) => entry.startsWith(`rulesguard-${pid}-`));
  });
}

/** A number of seconds that no other process sleeps for. */
const mark = (): string => `7${String(process.hrtime.bigint() % 1_000_000n)}.5`;

const rehearse = (host: CliHost, script: string, ...options: readonly string[]) =>
  host.attempt(['run', '-n', ...options, '--', 'sh', '-c', script]);

describeCli('a rehearsal leaves nothing behind', () => {
  test.each([
    ['that succeeds', (seconds: string) => `iptables -F; sh -c 'exec sleep 0.1' ${seconds}`, 1],
    ['that fails', () => 'false', 3],
    ['that takes too long', (seconds: string) => `sleep ${seconds}`, 3],
    ['that leaves a daemon', (seconds: string) => `setsid sleep ${seconds} & true`, 3],
  ] as const)('of a command %s', (_, script, exit) =>
    withHost(async (host) => {
      const before = await footprint(host);
      const seconds = mark();
      const { code, stderr } = await rehearse(host, script(seconds), '--seconds', '2');
      expect(code, stderr).toBe(exit);
      expect(await footprint(host)).toEqual(before);
      expect(processesWith(seconds)).toEqual([]);
    }),
  );

  test.each([
    ['sleeps', ''],
    // nsenter, outside, stops with it.
    ['has stopped itself', 'kill -STOP $$; '],
  ])('when it is killed in the middle of a command that %s', (_, stop) =>
    withHost(async (host) => {
      const before = await footprint(host);
      const seconds = mark();
      const started = host.start([
        ...['run', '-n', '--', 'sh', '-c'],
        `iptables -F; sleep ${seconds} & ${stop}sleep ${seconds}; true`,
      ]);
      await until(() => processesWith(seconds).length > 0);
      const pid = String(started.pid);
      started.kill('SIGKILL');
      await started;
      await until(() => processesWith(seconds).length === 0);
      await until(() => processesWith(`--wd=/proc/${pid}`).length === 0 && groupsOf(pid).length === 0);
      expect(await footprint(host)).toEqual(before);
    }),
  );
});

describeCli('a rehearsed command', () => {
  let victim: ChildProcess;
  let server: Server;
  let folder: string;
  let connections = 0;

  beforeAll(async () => {
    victim = spawn('sleep', ['600'], { stdio: 'ignore' });
    folder = mkdtempSync('/var/tmp/rulesguard-sandbox-');
    writeFileSync(path.join(folder, 'file'), 'as it was\n');
    mkdirSync(path.join(folder, 'full'));
    server = createServer((connection) => {
      connections++;
      connection.destroy();
    });
    server.listen(path.join(folder, 'daemon.sock'));
    await once(server, 'listening');
  });
  afterAll(() => {
    victim.kill('SIGKILL');
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a script in a rehearsal, where it must succeed; its output is in the failure. */
  const inside = (script: string) =>
    withHost(async (host) => {
      // Printed only when the command fails.
      const { stderr } = await rehearse(host, `{ ${script}; } 2>&1; exit 5`);
      return stderr;
    });

  test('writes only into its own copy of the files', async () => {
    const said = await inside(
      `cd ${folder}; echo changed >file; rm -r full; echo x >new; cat file; ls; echo y >/etc/rulesguard-trace`,
    );
    expect(said).toContain('changed');
    expect(readFileSync(path.join(folder, 'file'), 'utf8')).toBe('as it was\n');
    expect(readdirSync(folder).sort()).toEqual(['daemon.sock', 'file', 'full']);
    expect(existsSync('/etc/rulesguard-trace')).toBe(false);
  });

  test('sees no process of the host, and signals none', async () => {
    const pid = String(victim.pid);
    const said = await inside(`kill -9 ${pid}; kill -9 -1; ls -d /proc/${pid}; true`);
    expect(said).toMatch(/No such (?:process|file)/);
    expect(victim.exitCode).toBeNull();
    expect(victim.signalCode).toBeNull();
  });

  test('cannot reach a daemon, and the answer is not SAFE', () =>
    withHost(async (host) => {
      const connect =
        "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 0' " +
        path.join(folder, 'daemon.sock');
      // The daemon is in another network namespace than this test, so the sandbox finds the socket by its well-known path only.
      const { code, stderr } = await host.attempt(['run', '-n', '--', 'sh', '-c', connect], {
        env: { DOCKER_HOST: `unix://${path.join(folder, 'daemon.sock')}` },
      });
      expect(code, stderr).toBe(3);
      expect(stderr).toContain('it needs a host service');
      expect(stderr).toContain('daemon.sock');
      // Those connections were rulesguard's own, which takes the socket for an Engine's.
      const asked = connections;
      expect((await rehearse(host, `${connect}; true`)).code).toBe(0);
      expect(connections).toBe(asked);
    }));

  describe.each(
    oneIn(4, [
      ['mounts', 'mount -t tmpfs none /mnt'],
      ['mounts over what is read-only', 'mount -o remount,rw /proc/sys'],
      ['makes devices', 'mknod /tmp/disk b 8 0'],
      ['changes sysctls of the machine', 'echo 61 >/proc/sys/kernel/panic'],
      ['changes sysctls by the tool', 'sysctl -qw vm.swappiness=61'],
      ['enters namespaces', 'nsenter -t 1 -m -n true && unshare -m true'],
      ['writes to /sys', 'echo 1 >/sys/module/kernel/parameters/panic'],
      ['writes to the machine', 'echo h >/proc/sysrq-trigger && test ! -c /proc/sysrq-trigger'],
      ['leaves by chroot', 'chroot /proc/1/root true'],
      ['sets the clock', 'date -s 2000-01-01'],
    ] as const),
  )('%s', (_, script) => {
    test('does not succeed', () =>
      withHost(async (host) => {
        const panic = readFileSync('/proc/sys/kernel/panic', 'utf8');
        const { code, stderr } = await rehearse(host, script);
        expect(code, stderr).toBe(3);
        expect(stderr).toContain('it failed in the rehearsal');
        expect(readFileSync('/proc/sys/kernel/panic', 'utf8')).toBe(panic);
      }));
  });

  test('that uses the network cannot be predicted', () =>
    withHost(async (host) => {
      const ask =
        "perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => q(203.0.113.53:53)); exit 0'";
      const { code, stderr } = await rehearse(host, ask);
      expect(code, stderr).toBe(3);
      expect(stderr).toContain('it uses the network');
    }));

  test('changes the network settings of its own namespace alone', () =>
    withHost(async (host) => {
      const forward = () => host.sh('cat /proc/sys/net/ipv4/ip_forward');
      const before = await forward();
      const other = before.trim() === '1' ? '0' : '1';
      const script = `echo ${other} >/proc/sys/net/ipv4/ip_forward; ip link add mine type bridge; ip link del eth9`;
      await host.sh('ip link add eth9 type bridge');
      // Without an Engine nobody can say what such a change means for packets.
      expect((await rehearse(host, script)).code).toBe(3);
      expect(await forward()).toBe(before);
      expect(await host.sh('ip -o link')).toContain('eth9');
    }));
});
