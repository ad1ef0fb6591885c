import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, PROGRAM, withEmptyHost, withHost, type CliHost } from '../../support/cli.ts';
import { put, putProgram, rootWithManagers } from '../../support/hook-root.ts';

/** Takes the place of rulesguard: knows `run`, writes down what it is asked, and refuses. */
const REFUSES = '#!/bin/sh\n[ "$2" = --help ] && exit 0\necho "$*" >>"${0%/*}/asked"\nexit 1\n';
const REAL = '/usr/sbin/iptables';

interface Desk {
  readonly host: CliHost;
  /** The front's folder. */
  readonly sbin: string;
  readonly program: string;
  /** What rulesguard was asked so far. */
  readonly asked: () => readonly string[];
  readonly type: (...lines: readonly string[]) => Promise<string>;
}

/** Types lines into an interactive shell on a terminal of its own; returns what the screen shows. */
async function typeInto(host: CliHost, lines: readonly string[]): Promise<string> {
  const shell = 'bash --noprofile --norc -i';
  const { stdout } = await host.ns.exec('script', ['-qec', shell, '/dev/null'], {
    env: { ...host.env, PS1: '$ ', HISTFILE: '/dev/null' },
    input: [...lines, 'exit', ''].join('\n'),
  });
  return stdout;
}

const withFront = (body: (desk: Desk) => Promise<void>, program = REFUSES): Promise<void> =>
  withEmptyHost(async (host) => {
    const root = rootWithManagers(host);
    put(root, '/usr/sbin/nft', '#!/bin/sh\n', 0o755);
    const { file, PATH } = putProgram(host, program);
    const { code, stderr } = await host.attempt(['hook', 'install', 'front', '--root', root], {
      env: { PATH },
    });
    if (code !== 0) throw new Error(stderr);
    const log = path.join(path.dirname(file), 'asked');
    await host.sh('iptables -A INPUT -s 192.0.2.1 -j ACCEPT');
    await body({
      host,
      sbin: path.join(root, 'usr/local/sbin'),
      program: file,
      asked: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
      type: (...lines) => typeInto(host, lines),
    });
  });

describeCli('the front for iptables', () => {
  test('asks rulesguard what a person types that may take rules away', () =>
    withFront(async ({ host, sbin, asked, type }) => {
      const typed = [
        '-F',
        '-t nat -X',
        '-vF INPUT',
        '--flush',
        '--delete-chain',
        '-P FORWARD DROP',
        '--policy INPUT DROP',
        '-D INPUT 1',
        '-w --del INPUT 1',
        '-I FORWARD -j DROP',
        '-I DOCKER-USER 1 -i eth0 -j ACCEPT',
        '--insert INPUT -j REJECT',
        '-R INPUT 1 -j DROP',
      ];
      await type(...typed.map((words) => `${sbin}/iptables ${words}`), `${sbin}/iptables-restore </dev/null`);
      expect(asked()).toEqual([...typed.map((words) => `run -- ${REAL} ${words}`), `run -- ${REAL}-restore`]);
      expect(await host.rules()).toContain('192.0.2.1');
    }));

  test('asks about nft as well, and not where it only looks', () =>
    withFront(async ({ sbin, asked, type }) => {
      const typed = [
        'flush ruleset',
        '-f /dev/null',
        'add table inet rgfront',
        "'delete table inet rgfront'",
      ];
      await type(
        ...typed.map((words) => `${sbin}/nft ${words}`),
        `${sbin}/nft list ruleset`,
        `${sbin}/nft -c -f /dev/null`,
      );
      expect(asked()).toHaveLength(typed.length);
      expect(asked()[0]).toMatch(/^run -- \/\S+\/nft flush ruleset$/);
    }));

  test('leaves everything else to the tool', () =>
    withFront(async ({ host, sbin, asked, type }) => {
      const typed = [
        '-A INPUT -s 192.0.2.2 -p tcp --dport 80 -j DROP',
        '-I INPUT -j LOG --log-prefix drop',
        '-nvL INPUT',
        '-S',
        '-N NEW',
        '-Z',
        '-C INPUT -s 192.0.2.1 -j ACCEPT',
        '--version',
        '-w 5 -t filter -S DOCKER-USER',
      ];
      await type(...typed.map((words) => `${sbin}/iptables ${words}`), `${sbin}/iptables-restore --help`);
      expect(asked()).toEqual([]);
      expect(await host.rules()).toMatch(/192\.0\.2\.2.*dport 80/);
    }));

  test('does not come between a script and its tool, not even on a terminal', () =>
    withFront(async ({ host, sbin, asked, type }) => {
      const script = path.join(host.folder, 'firewall.sh');
      put(
        host.folder,
        'firewall.sh',
        `#!/bin/sh\n${sbin}/iptables -F INPUT\n${sbin}/iptables -N DONE\n`,
        0o755,
      );
      await type(script);
      expect(asked()).toEqual([]);
      expect(await host.rules()).not.toContain('192.0.2.1');
      expect(await host.rules()).toContain(':DONE');
    }));

  test('nor between a program without a terminal, as dockerd is one', () =>
    withFront(async ({ host, sbin, asked }) => {
      const { code, stderr } = await host.ns.exec('setsid', [
        '--wait',
        `${sbin}/iptables`,
        '-D',
        'INPUT',
        '1',
      ]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(asked()).toEqual([]);
      expect((await host.ns.exec(`${sbin}/iptables`, ['-X', 'NONE'])).code).toBe(1);
    }));

  test('RULESGUARD_FRONT=off goes past it', () =>
    withFront(async ({ host, sbin, asked, type }) => {
      await type(`RULESGUARD_FRONT=off ${sbin}/iptables -F`);
      expect(asked()).toEqual([]);
      expect(await host.rules()).not.toContain('192.0.2.1');
    }));

  test.each([
    ['is broken', '#!/bin/sh\nexit 1\n'],
    ['has no run', '#!/bin/sh\nexit 2\n'],
    ['is gone', ''],
  ])('a rulesguard that %s keeps nobody from the tool', (_, content) =>
    withFront(async ({ host, sbin, program, type }) => {
      if (content === '') rmSync(program);
      const screen = await type(`${sbin}/iptables -F`);
      expect(screen).toContain('rulesguard does not run; iptables goes on without it');
      expect(await host.rules()).not.toContain('192.0.2.1');
    }, content),
  );

  test('starts no further program for an append, which would take longer than the append itself', () =>
    withFront(async ({ host, sbin }) => {
      const words = ['-A', 'INPUT', '-s', '192.0.2.9', '-p', 'tcp', '--dport', '80', '-j', 'ACCEPT'];
      // In a process namespace of its own the next number says how many processes there were before.
      const nextNumber = async (file: string): Promise<string> => {
        const script = `"$@"; sh -c 'echo $$'; true`;
        const inOwn = ['--pid', '--fork', '--mount-proc', 'sh', '-c', script, 'sh', file, ...words];
        return (await host.ns.exec('unshare', inOwn)).stdout;
      };
      expect(await nextNumber(`${sbin}/iptables`)).toBe(await nextNumber(REAL));
    }));

  test('with the real rulesguard: what would hurt Docker is refused, the rest is done', () =>
    withHost(async (host) => {
      const root = rootWithManagers(host);
      const { PATH } = putProgram(host, `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`);
      await host.attempt(['hook', 'install', 'front', '--root', root], { env: { PATH } });
      await host.sh('iptables -A INPUT -s 192.0.2.1 -j ACCEPT');
      const front = path.join(root, 'usr/local/sbin/iptables');
      const before = await host.rules();
      const screen = await typeInto(host, [`${front} -t nat -F`]);
      expect(screen).toMatch(/DNAT|MASQUERADE/);
      expect(await host.rules()).toBe(before);
      await typeInto(host, [`${front} -F INPUT`]);
      expect(await host.rules()).toBe(before.replace(/^-A INPUT .*\n/m, ''));
    }));
});
