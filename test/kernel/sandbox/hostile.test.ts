import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { oneIn } from '../../support/incident/share.ts';

const rehearse = (host: CliHost, script: string, ...options: readonly string[]) =>
  host.attempt(['run', '-n', ...options, '--', 'sh', '-c', script]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync('/var/tmp/rulesguard-hostile-');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describeCli('socket paths that any user can choose', () => {
  /** Binds sockets in the host's own network namespace, and prints when it has. */
  async function bound(host: CliHost, ...paths: readonly string[]): Promise<ChildProcess> {
    const script =
      'use Socket; $| = 1; for (@ARGV) { my $s; socket($s, AF_UNIX, SOCK_STREAM, 0) && bind($s, pack_sockaddr_un($_)) && listen($s, 5) or die $!; push @k, $s } print "ready"; sleep 600';
    const child = spawn('nsenter', [`--net=${host.ns.path}`, 'perl', '-MSocket', '-e', script, ...paths], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  }

  test('a link put on the path of a socket after it was bound: no file of the host is deleted', () =>
    withHost(async (host) => {
      const [users, precious] = [path.join(folder, 'users'), path.join(folder, 'precious')];
      mkdirSync(users);
      mkdirSync(precious);
      writeFileSync(path.join(precious, 'shadow'), 'kept\n');
      const child = await bound(host, path.join(users, 'shadow'));
      try {
        renameSync(users, path.join(folder, 'elsewhere'));
        symlinkSync(precious, users);
        const { code, stderr } = await rehearse(host, 'true');
        expect(code, stderr).toBe(0);
        expect(readFileSync(path.join(precious, 'shadow'), 'utf8')).toBe('kept\n');
      } finally {
        child.kill('SIGKILL');
      }
    }));

  test('a link of the host’s own, as from /var/lock to /run/lock: the daemon keeps its socket', () =>
    withHost(async (host) => {
      mkdirSync(path.join(folder, 'run'));
      symlinkSync(path.join(folder, 'run'), path.join(folder, 'lock'));
      const socket = path.join(folder, 'lock', 'daemon');
      const child = await bound(host, socket);
      try {
        const { code, stderr } = await rehearse(
          host,
          `perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect $s, pack_sockaddr_un("${socket}")'; true`,
        );
        // A connection through the link is recorded too.
        expect(code, stderr).toBe(3);
        expect(stderr).toContain(`It tried to connect to ${socket}`);
        const connection = createConnection(socket);
        await once(connection, 'connect');
        connection.destroy();
      } finally {
        child.kill('SIGKILL');
      }
    }));

  test('a file that a user claims is a socket stays a file in the sandbox', () =>
    withHost(async (host) => {
      const name = path.join(folder, 'config');
      const child = await bound(host, name);
      try {
        rmSync(name);
        writeFileSync(name, 'a file now\n');
        const { code, stderr } = await rehearse(host, `grep -q 'a file now' ${name}`);
        expect(code, stderr).toBe(0);
      } finally {
        child.kill('SIGKILL');
      }
    }));
});

describeCli('the sandbox stops a rehearsed command that takes', () => {
  test.each(
    oneIn(3, [
      ['memory', `perl -e '$x = "x" x 3e9; sleep 60'`],
      ['processes', 'f() { f | f & f; }; f'],
      ['processes that wait', 'i=0; while [ $i -lt 5000 ]; do sleep 50 & i=$((i + 1)); done; wait'],
      ['room for files', 'head -c 3G /dev/zero >/var/tmp/full; true'],
      ['room in /run', 'head -c 1G /dev/zero >/run/full; true'],
      ['shared memory', 'head -c 1G /dev/zero >/dev/shm/full; true'],
      ['inodes', 'mkdir /run/d; i=0; while [ $i -lt 9000 ]; do : >/run/d/$i; i=$((i + 1)); done; true'],
      ['output', 'timeout 20 yes; true'],
    ] as const),
  )('%s', { timeout: 300_000 }, (_, script) =>
    withHost(async (host) => {
      const started = performance.now();
      const { code, stderr } = await rehearse(host, script, '--seconds', '30');
      expect(code, stderr).toBe(3);
      expect(stderr).toMatch(/it takes more memory, processes or disk space|it failed in the rehearsal/);
      expect(performance.now() - started).toBeLessThan(240_000);
      expect(existsSync('/var/tmp/full') || existsSync('/run/full') || existsSync('/dev/shm/full')).toBe(
        false,
      );
    }),
  );
});

describeCli('a rehearsed command cannot block the rehearsal', () => {
  test.each(
    oneIn(2, [
      [
        'with a pipe in place of the file its output is read from',
        'rm -f /run/*said*; mkfifo /run/rulesguard-said; exit 4',
      ],
      [
        'with pipes in place of other files that are read',
        'rm -rf /run/* /dev/*; mkfifo /run/said /dev/null; exit 4',
      ],
      ['by closing its output', 'exec 1>&- 2>&-; exit 4'],
    ] as const),
  )('%s', (_, script) =>
    withHost(async (host) => {
      const { code, stderr } = await rehearse(host, script, '--seconds', '5');
      expect(code, stderr).toBe(3);
      expect(stderr).toContain('exit 4');
    }),
  );

  test.each([
    [
      'by ignoring every signal',
      `trap '' TERM HUP INT QUIT; kill -STOP 1; setsid sh -c 'trap "" TERM; sleep 500' & while :; do sleep 9; done`,
    ],
    ['by stopping itself', 'kill -STOP $$'],
  ])('%s', { timeout: 300_000 }, (_, script) =>
    withHost(async (host) => {
      const { code, stderr } = await rehearse(host, script, '--seconds', '2');
      expect(code, stderr).toBe(3);
      expect(stderr).toContain('it did not end within 2 s');
    }),
  );
});

describeCli('a host without perl', () => {
  test('rehearses with python instead', () =>
    withHost(async (host) => {
      const script =
        'grep -q "^NoNewPrivs:.*1" /proc/self/status && grep -q "^Seccomp:.*2" /proc/self/status && ' +
        'grep -q "^Max core file size *1 " /proc/self/limits && [ ! -e /proc/self/fd/20 ] && ! unshare -U true';
      const { code, stderr } = await host.attempt(['run', '-n', '--', 'sh', '-c', script], {
        through: [
          ...['unshare', '-m', 'sh', '-c'],
          'for perl in $(which -a perl); do mount --bind /dev/null "$perl"; done; ! perl -v 2>/dev/null || exit 9; exec bash -c \'exec 20>/dev/null; exec "$@"\' bash "$@"',
          'sh',
        ],
      });
      expect(code, stderr).toBe(0);
    }));

  test('and without python rehearses nothing, and says why', () =>
    withHost(async (host) => {
      const { code, stderr } = await host.attempt(['run', '-n', '--', 'sh', '-c', 'true'], {
        through: [
          ...['unshare', '-m', 'sh', '-c'],
          'for tool in $(which -a perl python3); do mount --bind /dev/null "$tool"; done; exec "$@"',
          'sh',
        ],
      });
      expect(code, stderr).toBe(3);
      expect(stderr).toContain('neither perl nor python3');
    }));
});

describeCli('a socket of the host', () => {
  let server: Server;
  afterEach(() => {
    server.close();
  });

  test('that was connected to just before a rehearsal ends is still reported', () =>
    withHost(async (host) => {
      const socket = path.join(folder, 'docker.sock');
      server = createServer((connection) => connection.destroy());
      server.listen(socket);
      await once(server, 'listening');
      const { code } = await host.attempt(['run', '-n', '--', 'sh', '-c', 'true'], {
        env: { DOCKER_HOST: `unix://${socket}` },
      });
      expect(code).toBe(0);
      expect(existsSync(socket)).toBe(true);
    }));
});

describeCli('a host whose kernel refuses mounts', () => {
  /** Replaces the host's `mount` by one that refuses in a sandbox whatever the shell pattern matches. */
  const refusing = (pattern: string, when: string): readonly string[] => {
    const real = path.join(folder, 'mount');
    const script =
      `here=$(readlink /proc/self/ns/user); mount=$(readlink -f "$(command -v mount)"); cp "$mount" ${real}; ` +
      `printf '#!/bin/sh\ncase "$*" in ${pattern}) if ${when}; then echo "mount: permission denied." >&2; exit 32; fi;; esac\n` +
      `exec ${real} "$@"\n' $here >${folder}/refusing; chmod +x ${folder}/refusing; ${real} --bind ${folder}/refusing "$mount"; exec "$@"`;
    return ['unshare', '-m', 'sh', '-c', script, 'sh'];
  };
  const NEW_SYS = '"-t sysfs -o ro,"*';

  test.each([
    ['in user namespaces: the sandbox is made without one', '[ "$(readlink /proc/self/ns/user)" != "%s" ]'],
    ['anywhere: the sandbox shows the host’s, read-only', 'true'],
  ])('/sys %s', (_, when) =>
    withHost(async (host) => {
      const script =
        'ls /sys/class/net/lo >/dev/null && ! touch /sys/left 2>/dev/null && grep -q " /sys ro," /proc/self/mountinfo && ' +
        'echo x >/dev/null && iptables -S';
      const { code, stderr } = await host.attempt(['run', '-n', '--', 'sh', '-c', script], {
        through: refusing(NEW_SYS, when),
      });
      expect(code, stderr).toBe(0);
    }),
  );

  test('without any layer: the message names the step that failed', () =>
    withHost(async (host) => {
      const { code, stderr } = await host.attempt(['run', '-n', '--', 'sh', '-c', 'true'], {
        through: refusing('*overlay*', 'true'),
      });
      expect(code, stderr).toBe(3);
      expect(stderr).toContain('mount: permission denied.');
      expect(stderr).toContain('It failed at: the first layer');
    }));
});
