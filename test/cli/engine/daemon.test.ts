import { chmodSync, copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { layTerrain } from '../../support/recorded/terrain.ts';
import { answering, at, socketIn } from './troubles.ts';
import { oneIn } from '../../support/incident/share.ts';

const FIXTURE = new URL('../../fixtures/engine-28.5-ports/engine.json', import.meta.url);

const answers = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Readonly<Record<string, unknown>>;

const recorded = answering(({ url }, response) => {
  const name = url === '/containers/json' ? 'containers' : (url ?? '').slice(1);
  response.end(JSON.stringify(answers[name] ?? []));
});

/** Each rewrites Docker’s rules of the whole host, if it is believed. */
const FLAGS = ['--userland-proxy=false', '--bridge-accept-fwmark=0x1/0x0', '--allow-direct-routing'];

/** A process named dockerd in the host’s network namespace, which ends with `body`. */
async function beside(
  host: CliHost,
  { through = [], program = '/bin/sh', args = FLAGS, link = false }: Impostor,
  body: () => Promise<void>,
): Promise<void> {
  const file = path.join(host.folder, 'dockerd');
  chmodSync(host.folder, 0o755);
  if (link) symlinkSync(program, file);
  else copyFileSync(program, file);
  const child = execa(
    'nsenter',
    [`--net=${host.ns.path}`, '--', ...through, file, '-c', 'echo up; read x', 'x', ...args],
    { reject: false, stdin: 'pipe' },
  );
  await new Promise((resolve) => child.stdout.once('data', resolve));
  try {
    await body();
  } finally {
    child.stdin.end();
    await child;
  }
}

interface Impostor {
  readonly through?: readonly string[];
  readonly program?: string;
  readonly args?: readonly string[];
  readonly link?: boolean;
}

const USER = ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups'];

const UNBELIEVED: readonly (readonly [what: string, impostor: Impostor])[] = [
  ['another user’s', { through: USER }],
  [
    'another user’s, root in its own user namespace',
    { through: [...USER, 'unshare', '--user', '--map-root-user'] },
  ],
  ['another user’s with root’s rights lent', { through: ['setpriv', '--ruid=1000', '--clear-groups'] }],
  ['root’s, but another program by a link of that name', { link: true }],
  ['root’s in a container with the host’s network', { through: ['unshare', '--mount', '--pid', '--fork'] }],
];

/** What a check finds wrong with Docker's rules, and what it says beside. */
interface Findings {
  readonly damaged: readonly unknown[];
  readonly stdout: string;
  readonly stderr: string;
}

/** Beside an Engine that answers as the recorded one did, and whose rules are in place. No docker-proxy listens here. */
async function withEngine(body: (host: CliHost, check: () => Promise<Findings>) => Promise<void>) {
  await withHost(async (host) => {
    const { dockerHost, end } = await recorded(host);
    await layTerrain(host, answers['networks']);
    try {
      await body(host, async () => {
        const args = ['check', '--source', 'engine', '--json'];
        const { stdout, stderr } = await host.attempt(args, { env: { DOCKER_HOST: dockerHost } });
        const { findings } = JSON.parse(stdout) as {
          readonly findings: readonly { readonly damage: boolean }[];
        };
        return { damaged: findings.filter(({ damage }) => damage), stdout, stderr };
      });
    } finally {
      end?.();
    }
  }, 'engine-28.5-ports');
}

describeCli('whose process is the daemon', () => {
  test.each(oneIn(4, UNBELIEVED))('not one that only bears its name: %s', (_, impostor) =>
    withEngine(async (host, check) => {
      await beside(host, impostor, async () => {
        const { damaged, stdout } = await check();
        expect(stdout).not.toMatch(/--mark|routing/);
        expect(damaged).toEqual([]);
      });
    }),
  );

  test('root’s on this host is: without the proxy it was started without, other rules are called for', () =>
    withEngine(async (host, check) => {
      await beside(host, {}, async () => {
        expect((await check()).damaged).not.toEqual([]);
      });
      expect((await check()).damaged).toEqual([]);
    }));

  test('a mask of no bits, with which every packet would pass, is called for by nobody', () =>
    withEngine(async (host) => {
      await beside(host, { args: ['--bridge-accept-fwmark=0x1/0x0'] }, async () => {
        await host.sh('iptables -D DOCKER-FORWARD -j DOCKER-CT');
        const { code } = await host.attempt(['restore'], {
          env: { DOCKER_HOST: at(socketIn(host)) },
        });
        expect(code).toBe(0);
        expect(await host.rules()).not.toContain('--mark');
      });
    }));
});

/** Configuration that root’s own daemon names, and nobody may be held up, filled up or led by. */
const CONFIGURATIONS: readonly (readonly [what: string, make: (host: CliHost, file: string) => unknown])[] = [
  ['a pipe', (host, file) => host.sh(`mkfifo ${file}`)],
  [
    'a link to a device without an end',
    (_, file) => {
      symlinkSync('/dev/zero', file);
    },
  ],
  ['a folder', (host, file) => host.sh(`mkdir ${file}`)],
  [
    'longer than any',
    (_, file) => {
      writeFileSync(file, `{"userland-proxy": false}${' '.repeat(2 ** 21)}`);
    },
  ],
  [
    'written by anybody',
    (_, file) => {
      writeFileSync(file, '{"userland-proxy": false, "bridge-accept-fwmark": "1"}');
      chmodSync(file, 0o666);
    },
  ],
];

describeCli('the daemon’s configuration', () => {
  test.each(oneIn(4, CONFIGURATIONS))('%s: not read, and not waited for', (_, make) =>
    withEngine(async (host, check) => {
      const file = path.join(host.folder, 'daemon.json');
      await make(host, file);
      // A file that is younger than its daemon is none it has read.
      await sleep(50);
      await beside(host, { args: ['--config-file', file] }, async () => {
        const start = performance.now();
        const { damaged, stderr } = await check();
        expect({ damaged, stderr }).toEqual({ damaged: [], stderr: '' });
        expect(performance.now() - start).toBeLessThan(60_000);
      });
    }),
  );

  test('a file of root’s is read', () =>
    withEngine(async (host, check) => {
      const file = path.join(host.folder, 'daemon.json');
      writeFileSync(file, '{"userland-proxy": false}');
      await sleep(50);
      await beside(host, { args: [`--config-file=${file}`] }, async () => {
        expect((await check()).damaged).not.toEqual([]);
      });
    }));
});
