import { createServer } from 'node:http';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeCli, filesOf, readJson, timeless, withHost, type CliHost } from '../../support/cli.ts';
import { recording } from '../../support/recorded/recordings.ts';
import { chainIn, type BaselineDocument } from '../../support/stored.ts';
import { oneIn } from '../../support/incident/share.ts';

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

/** What was lost before the snapshot, and the reason it must give. */
const DAMAGED: readonly (readonly [string, string, RegExp])[] = [
  ['MASQUERADE', 'iptables -t nat -F POSTROUTING', /docker0 has rules, but no MASQUERADE/],
  [
    'the jump to DOCKER-FORWARD',
    'iptables -D FORWARD -j DOCKER-FORWARD',
    /chain DOCKER-FORWARD exists, but nothing in FORWARD/,
  ],
  ['the jump to DOCKER-USER', 'iptables -D FORWARD -j DOCKER-USER', /chain DOCKER-USER exists, but nothing/],
  [
    'the jumps of nat',
    'iptables -t nat -F PREROUTING',
    /chain DOCKER exists, but nothing in PREROUTING \(table nat\)/,
  ],
  [
    'a bridge’s jump',
    'iptables -F DOCKER-BRIDGE',
    /docker0 has rules, but its bridge-docker rule is missing/,
  ],
  ['a DNAT', 'iptables -t nat -D DOCKER 2', /port 80\/tcp is let through, but nothing translates to it/],
  ['an ACCEPT', 'iptables -D DOCKER 2', /port 80\/tcp is translated, but not let through/],
];

describeCli('snapshot', () => {
  test.each(oneIn(4, DAMAGED))(
    'refuses a state without %s, says why, and takes it with --force',
    (_, command, why) =>
      withHost(async (host) => {
        await host.sh(command);
        const { code, stdout, stderr } = await host.attempt(['snapshot']);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toMatch(why);
        expect(stderr).toContain('rulesguard snapshot --force');
        expect(filesOf(host, 'baselines')).toEqual([]);
        expect(await host.run('snapshot --force')).toMatch(/^RECORDED .*\n +recorded although/);
        await host.run('check');
      }),
  );

  test('refuses a host that lost very much on one screen, and names all of it on demand and to programs', () =>
    withHost(async (host) => {
      await host.run('snapshot --force');
      for (const command of ['iptables -F', 'iptables -t nat -F', 'iptables -P FORWARD ACCEPT'])
        await host.sh(command);
      const { code, stderr } = await host.attempt(['snapshot']);
      expect(code).toBe(1);
      const lines = stderr.trimEnd().split('\n');
      const headline = lines.findIndex((line) => line.startsWith('rulesguard: not recorded: '));
      expect(lines[headline + 1]).toMatch(/^ {2}\d+ exposures?, \d+ outages?/);
      expect(stderr).toMatch(/ and \d+ more, listed by rulesguard snapshot --all$/m);
      expect(lines.length).toBeLessThanOrEqual(24);

      const all = await host.attempt(['snapshot', '--all']);
      const more = Number(/and (\d+) more/.exec(stderr)?.[1]);
      const listed = all.stderr.split('\n').flatMap((line) => (line.startsWith('  ') ? [line.slice(2)] : []));
      expect(listed.filter((line) => !line.startsWith('(The Engine'))).toHaveLength(more + 5);
      expect(all.stderr).not.toContain(' more, listed by ');

      const logged = await host.attempt(['snapshot', '--log-format', 'json']);
      const fault = logged.stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { readonly code?: string; readonly details?: readonly string[] })
        .find((entry) => entry.code === 'RG_DAMAGED');
      expect(fault?.details).toEqual(listed);
    }, 'engine-28.5'));

  test('is for root only to read, and leaves nothing half written beside it', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      await host.run('restore --assume-unchanged');
      for (const folder of ['', 'baselines', 'journal'])
        expect([folder, modeOf(path.join(host.stateDir, folder))]).toEqual([folder, '700']);
      for (const file of [
        ...filesOf(host, 'baselines'),
        ...filesOf(host, 'journal'),
        path.join(host.stateDir, 'key'),
      ])
        expect([file, modeOf(file)]).toEqual([file, '600']);
      expect(readdirSync(host.stateDir).sort()).toEqual(['baselines', 'journal', 'key']);
      expect(filesOf(host, 'baselines')).toHaveLength(1);
    }));

  test('keeps the last N, and prune fewer', () =>
    withHost(async (host) => {
      for (let i = 0; i < 4; i++) await host.run('snapshot --keep 3');
      const ids = () => filesOf(host, 'baselines').map((file) => path.basename(file).slice(0, 6));
      expect(ids()).toEqual(['000002', '000003', '000004']);
      expect(await host.run('baseline prune --keep 2')).toMatch(/^Deleted 1 baseline/);
      expect(ids()).toEqual(['000003', '000004']);
      expect(await host.run('baseline prune --keep 2')).toMatch(/^Nothing to delete/);
      expect(await host.run('baseline verify')).toMatch(/^000003\S+ +sound\n000004\S+ +sound\n$/);
      expect(JSON.parse(await host.run('baseline show 000003'))).toEqual(
        readJson(filesOf(host, 'baselines')[0] ?? ''),
      );
      expect((await host.attempt(['baseline', 'show', '000001'])).code).toBe(3);
    }));

  test('records what stands around Docker’s rules, but no more of it than it needs', () =>
    withHost(async (host) => {
      for (let i = 1; i <= 9; i++) await host.sh(`iptables -A FORWARD -s 192.0.2.${String(i)} -j DROP`);
      await host.run('snapshot');
      const [file = ''] = filesOf(host, 'baselines');
      const document = readJson(file) as BaselineDocument;
      const { policy, rules } = chainIn(document, 'filter', 'FORWARD');
      expect(policy).toBe('DROP');
      expect(rules.map(({ owner, text }) => `${owner} ${text}`)).toEqual([
        'docker -A FORWARD -j DOCKER-USER',
        'docker -A FORWARD -j DOCKER-FORWARD',
        'foreign -A FORWARD -s 192.0.2.1/32 -j DROP',
        'foreign -A FORWARD -s 192.0.2.9/32 -j DROP',
      ]);
      expect(document.families.ipv4.map(({ name }) => name).sort()).toEqual(['filter', 'nat', 'raw']);
    }));

  test('waits until the rules have settled', () =>
    withHost(async (host) => {
      const { text } = recording('engine-28.5-plain');
      await host.sh('iptables -t nat -F');
      const snapshot = host.start(['snapshot', '--force']);
      for (const rule of timeless(text.ipv4)
        .split('*nat\n')[1]
        ?.match(/^-A .*/gm) ?? []) {
        await sleep(50);
        await host.sh(`iptables -t nat ${rule}`);
      }
      expect((await snapshot).exitCode).toBe(0);
      expect(await host.run('check')).toMatch(/^INTACT/);
      await host.sh('iptables -t nat -F DOCKER');
      await host.run('check', 1);
    }));

  test('does not go into a folder that others may write: nothing in it could be used', () =>
    withHost(async (host) => {
      mkdirSync(path.join(host.stateDir, 'baselines'), { recursive: true });
      chmodSync(path.join(host.stateDir, 'baselines'), 0o777);
      const { code, stderr } = await host.attempt(['snapshot']);
      expect(code).toBe(3);
      expect(stderr).toMatch(/may be written by others.*chmod go-w/s);
    }));
});

describeCli('an Engine that answers', () => {
  /** Runs `body` beside something that listens where the Engine's socket is. */
  async function withEngine(
    host: CliHost,
    answers: Readonly<Record<string, unknown>>,
    body: (env: Record<string, string>) => Promise<void>,
  ) {
    const socket = path.join(host.folder, 'docker.sock');
    const server = createServer(({ url }, response) => {
      const answer = answers[url ?? ''];
      response.writeHead(answer === undefined ? 500 : 200);
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      await body({ DOCKER_HOST: `unix://${socket}` });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test('in a way that makes no sense is not believed, and the snapshot says so', () =>
    withHost(async (host) => {
      for (const answers of [
        {},
        { '/version': '<html>', '/networks': '<html>' },
        { '/version': { Version: '28.5.2' } },
      ])
        await withEngine(host, answers, async (env) => {
          const { code, stderr } = await host.attempt(['snapshot'], { env });
          expect(code).toBe(0);
          expect(stderr).toMatch(
            /^note: what answers on \S+docker\.sock is not a Docker Engine that works; rulesguard relies on (?:baseline \S+ and )?the rules alone$/m,
          );
        });
      for (const file of filesOf(host, 'baselines')) expect(readJson(file)).toMatchObject({ engine: null });
    }));

  test('elsewhere has no rules here', () =>
    withHost(async (host) => {
      const { code, stderr } = await host.attempt(['snapshot'], {
        env: { DOCKER_HOST: 'tcp://192.0.2.1:2375' },
      });
      expect(code).toBe(0);
      expect(stderr).toMatch(/DOCKER_HOST is tcp:\/\/192\.0\.2\.1:2375/);
    }));
});
