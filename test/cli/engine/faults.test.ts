import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { describeCli, type CliHost } from '../../support/cli.ts';
import {
  answering,
  at,
  deadSocket,
  inSetting,
  listening,
  runFolder,
  socketIn,
  type Setting,
  type Trouble,
} from './troubles.ts';
import { oneIn } from '../../support/incident/share.ts';

const TROUBLES: readonly (readonly [
  what: string,
  set: (host: CliHost) => Promise<Setting>,
  trouble: Trouble,
])[] = [
  [
    'there is no socket where DOCKER_HOST says',
    () => Promise.resolve({ dockerHost: 'unix:///nonexistent/docker.sock' }),
    {
      code: 'RG_ENGINE_ABSENT',
      told: /no socket at \/nonexistent\/docker\.sock, where DOCKER_HOST says/,
      next: /systemctl start docker.*DOCKER_HOST=unix:.*--assume-unchanged/s,
    },
  ],
  [
    'there is no socket anywhere',
    (host) => runFolder(host, []),
    {
      code: 'RG_ENGINE_ABSENT',
      told: /no socket at \/var\/run\/docker\.sock, nor at \/run\/docker\*\.sock/,
      next: /systemctl start docker/,
    },
  ],
  [
    'an Engine’s metrics are no Engine',
    (host) => runFolder(host, ['docker/metrics.sock']),
    { code: 'RG_ENGINE_ABSENT', told: /no socket at/, next: /systemctl start docker/ },
  ],
  [
    'the one other socket there is gets asked',
    (host) => runFolder(host, ['docker/second.sock', 'docker/metrics.sock']),
    {
      code: 'RG_ENGINE_DOWN',
      told: /nobody listens on \/run\/docker\/second\.sock/,
      next: /systemctl status docker/,
    },
  ],
  [
    'several other sockets: which one?',
    (host) => runFolder(host, ['docker-second.sock', 'docker/third.sock', 'user/1000/docker.sock']),
    {
      code: 'RG_ENGINE_MANY',
      told: /several Engine sockets.*\/run\/docker-second\.sock.*\/run\/docker\/third\.sock\n/s,
      next: /DOCKER_HOST=unix:\/\/\/run\/\S+ rulesguard/,
    },
  ],
  [
    'nobody listens',
    async (host) => {
      await deadSocket(socketIn(host));
      return { dockerHost: at(socketIn(host)) };
    },
    {
      code: 'RG_ENGINE_DOWN',
      told: /not running: nobody listens on \S+engine\.sock/,
      next: /systemctl start docker/,
    },
  ],
  [
    'a file in the place of the socket',
    (host) => {
      writeFileSync(socketIn(host), '');
      return Promise.resolve({ dockerHost: at(socketIn(host)) });
    },
    { code: 'RG_ENGINE_DOWN', told: /nobody listens/, next: /systemctl start docker/ },
  ],
  [
    'it hangs up',
    (host) =>
      listening(
        host,
        createServer((socket) => socket.destroy()),
      ),
    { code: 'RG_ENGINE_DOWN', told: /no answer came from/, next: /systemctl status docker/ },
  ],
  [
    'the socket may not be opened',
    async (host) => {
      const setting = await listening(host, createServer());
      chownSync(socketIn(host), 65534, 65534);
      chmodSync(socketIn(host), 0o600);
      // Root without the right to pass by permissions, as in a container or under a security module.
      return { ...setting, through: ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] };
    },
    { code: 'RG_ENGINE_PRIVILEGE', told: /may not be opened by this user/, next: /sudo rulesguard/ },
  ],
  [
    'an Engine on another machine',
    () => Promise.resolve({ dockerHost: 'tcp://192.0.2.7:2375' }),
    {
      code: 'RG_ENGINE_REMOTE',
      told: /DOCKER_HOST is tcp:\/\/192\.0\.2\.7:2375: only an Engine on this host/,
      next: /DOCKER_HOST=unix:\/\/\/var\/run\/docker\.sock rulesguard/,
    },
  ],
  [
    'an Engine behind ssh',
    () => Promise.resolve({ dockerHost: 'ssh://root@example.org' }),
    { code: 'RG_ENGINE_REMOTE', told: /DOCKER_HOST is ssh:/, next: /on that host/ },
  ],
  [
    'a DOCKER_HOST that is none',
    () => Promise.resolve({ dockerHost: 'unix:docker.sock' }),
    { code: 'RG_ENGINE_REMOTE', told: /DOCKER_HOST is unix:docker\.sock/, next: /DOCKER_HOST=unix:/ },
  ],
  [
    'some other server',
    answering((_, response) => {
      response.writeHead(404).end('<html>nothing here</html>');
    }),
    {
      code: 'RG_ENGINE_ANSWER',
      told: /is not a Docker Engine that works.*GET \/version → 404 <html>nothing here/s,
      next: /docker version/,
    },
  ],
  [
    'a page for every question',
    answering((_, response) => {
      response.end('<html>welcome</html>');
    }),
    { code: 'RG_ENGINE_ANSWER', told: /GET \/version → <html>welcome/, next: /docker version/ },
  ],
  [
    'JSON that is not Docker’s',
    answering((_, response) => {
      response.end('{"hello": "world"}');
    }),
    { code: 'RG_ENGINE_ANSWER', told: /GET \/version → no version/, next: /docker version/ },
  ],
  [
    'no HTTP at all',
    (host) =>
      listening(
        host,
        createServer((socket) => socket.end('220 ready\r\n')),
      ),
    { code: 'RG_ENGINE_ANSWER', told: /is not a Docker Engine that works/, next: /docker version/ },
  ],
];

/** What a program of the terminal shows: the tests' outcomes are bytes. */
const shown = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

describeCli('an Engine that is no help', () => {
  test.each(oneIn(4, TROUBLES))('%s', (_, set, { code, told, next }) =>
    inSetting(set, async (host, attempt) => {
      const before = await host.rules();
      for (const verb of ['check', 'restore']) {
        const asked = await attempt([verb, '--source', 'engine', '--log-format', 'json']);
        expect({ verb, code: asked.code, stdout: asked.stdout }).toEqual({ verb, code: 3, stdout: '' });
        expect(asked.stderr).toContain(`"code":"${code}"`);
      }
      const plain = await attempt(['check']);
      expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code: 3, stdout: '' });
      expect(shown(plain.stderr)).toMatch(told);
      const headline = await attempt(['check', '--source', 'engine']);
      expect(shown(headline.stderr)).toMatch(told);
      expect(shown(headline.stderr).split('\n→ ')[1]).toMatch(next);
      expect(await host.rules()).toBe(before);
    }),
  );

  test.each(oneIn(6, TROUBLES.slice(5, 8)))(
    '%s: a baseline does without it, and says so',
    (_, set, { told }) =>
      inSetting(set, async (_host, attempt) => {
        expect((await attempt(['snapshot'])).code).toBe(0);
        const check = await attempt(['check']);
        expect(check.code).toBe(0);
        expect(shown(check.stderr)).toMatch(told);
        expect((await attempt(['check', '--source', 'engine'])).code).toBe(3);
      }),
  );

  test('it hangs: five seconds, then the fault, or the baseline without it', () =>
    inSetting(
      (host) => listening(host, createServer()),
      async (host, attempt) => {
        const start = performance.now();
        const alone = await attempt(['check', '--source', 'engine', '--log-format', 'json']);
        expect(performance.now() - start).toBeLessThan(60_000);
        expect({ code: alone.code, stdout: alone.stdout }).toEqual({ code: 3, stdout: '' });
        expect(alone.stderr).toContain('"code":"RG_ENGINE_HUNG"');
        expect(shown(alone.stderr)).toMatch(
          /does not answer within 5 s.*journalctl -u docker.*--assume-unchanged/s,
        );
        await host.run('snapshot');
        const { code, stderr } = await attempt(['check']);
        expect({ code, told: /does not answer within 5 s/.test(stderr) }).toEqual({ code: 0, told: true });
      },
    ));
});

const FIXTURE = new URL('../../fixtures/engine-28.5-ports/engine.json', import.meta.url);

/** What Engine 28.5 answered, word for word but for its firewall backend: no Engine 29 runs in the lab. */
function newer(host: CliHost): Promise<Setting> {
  const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Readonly<Record<string, object>>;
  const answers = new Map<string | undefined, object | undefined>([
    ['/version', { ...recorded['version'], Version: '29.0.0', ApiVersion: '1.52' }],
    ['/info', { ...recorded['info'], FirewallBackend: { Driver: 'nftables' } }],
    ['/networks', recorded['networks']],
    ['/containers/json', recorded['containers']],
  ]);
  return answering(({ url }, response) => {
    response.end(JSON.stringify(answers.get(url)));
  })(host);
}

describeCli('an Engine whose firewall backend is nftables', () => {
  test('requires its own tables, and a baseline of iptables says nothing about them', () =>
    inSetting(newer, async (host, attempt) => {
      await host.sh('ip link add docker0 type bridge');
      await host.run('snapshot');
      const told = await attempt(['check', '--rules']);
      expect(told.code).toBe(1);
      expect(told.stdout).toMatch(/^DAMAGED[^]*docker-bridges/);
      const { code, stderr } = await attempt(['check', '--source', 'baseline', '--log-format', 'json']);
      expect(code).toBe(3);
      expect(stderr).toContain('RG_ENGINE_NFTABLES');
    }));

  test('but not where its bridges are in another network namespace', () =>
    inSetting(newer, async (_, attempt) => {
      const { code, stderr } = await attempt(['check', '--source', 'engine', '--log-format', 'json']);
      expect(code).toBe(3);
      expect(stderr).toContain('"code":"RG_ENGINE_ELSEWHERE"');
      expect(stderr).toContain('sudo nsenter --target');
    }));
});
