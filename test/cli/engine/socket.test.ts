import { chmodSync, chownSync, lchownSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, type CliHost } from '../../support/cli.ts';
import { inSetting, ownRun, type Setting } from './troubles.ts';
import { oneIn } from '../../support/incident/share.ts';

const FIXTURE = new URL('../../fixtures/engine-28.5-ports/engine.json', import.meta.url);

/** What an impostor answers: all that a healthy Engine does, so that only who it is can give it away. */
const answers = (): ReadonlyMap<string | undefined, unknown> => {
  const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Readonly<Record<string, unknown>>;
  return new Map([
    ['/version', recorded['version']],
    ['/info', recorded['info']],
    ['/networks', recorded['networks']],
    ['/containers/json', recorded['containers']],
  ]);
};

const asked: string[] = [];

/** Listens on a socket below the test's /run, and counts who asks. */
async function impostor(folder: string, name: string): Promise<{ readonly end: () => void }> {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const all = answers();
  const server = createServer(({ url }, response) => {
    asked.push(url ?? '');
    response.end(JSON.stringify(all.get(url) ?? []));
  });
  await new Promise<void>((resolve) => server.listen(file, resolve));
  return {
    end: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Each a way in which somebody else decides who answers on a socket that is not named. */
const UNTRUSTED: readonly (readonly [what: string, lay: (folder: string) => Promise<{ end: () => void }>])[] =
  [
    [
      'the usual socket is another user’s',
      async (folder) => {
        const setting = await impostor(folder, 'docker.sock');
        chownSync(path.join(folder, 'docker.sock'), 1000, 0);
        return setting;
      },
    ],
    [
      'the folder it lies in may be written by a group',
      async (folder) => {
        const setting = await impostor(folder, 'docker.sock');
        chmodSync(folder, 0o775);
        return setting;
      },
    ],
    [
      'the usual socket is a link into another user’s folder',
      async (folder) => {
        const setting = await impostor(folder, 'user/1000/root.sock');
        chownSync(path.join(folder, 'user/1000'), 1000, 1000);
        symlinkSync('/run/user/1000/root.sock', path.join(folder, 'docker.sock'));
        return setting;
      },
    ],
    [
      'the usual socket is a link that another user laid',
      async (folder) => {
        const setting = await impostor(folder, 'engines/root.sock');
        symlinkSync('engines/root.sock', path.join(folder, 'docker.sock'));
        lchownSync(path.join(folder, 'docker.sock'), 1000, 1000);
        return setting;
      },
    ],
  ];

const named = (setting: Setting): Setting => ({
  ...setting,
  dockerHost: 'unix:///run/user/1000/docker.sock',
});

const rootlessOne = async (folder: string) => {
  const setting = await impostor(folder, 'user/1000/docker.sock');
  chownSync(path.join(folder, 'user/1000'), 1000, 1000);
  chownSync(path.join(folder, 'user/1000/docker.sock'), 1000, 1000);
  return setting;
};

const outcomeOf = async (attempt: CliHost['attempt'], verb: string) => {
  asked.length = 0;
  const { code, stderr } = await attempt([verb, '--source', 'engine']);
  const json = await attempt([verb, '--source', 'engine', '--log-format', 'json']);
  const told = Buffer.from(stderr, 'latin1').toString('utf8');
  return { exit: code, told, fault: /"code":"(\w+)"/.exec(json.stderr)?.[1], asked: asked.length };
};

describeCli('whose socket is asked', () => {
  test.each(oneIn(4, UNTRUSTED))('not root’s alone, so nobody asks: %s', (_, lay) =>
    inSetting(
      (host) => ownRun(host, lay),
      async (host, attempt) => {
        const before = await host.rules();
        for (const verb of ['check', 'restore']) {
          const outcome = await outcomeOf(attempt, verb);
          expect(outcome).toMatchObject({ exit: 3, fault: 'RG_ENGINE_UNTRUSTED', asked: 0 });
          expect(outcome.told).toMatch(
            /so somebody other than root decides who answers on \/var\/run\/docker\.sock/,
          );
          expect(outcome.told).toMatch(
            /namei -l \/var\/run\/docker\.sock.*DOCKER_HOST=unix:\/\/\/var\/run\/docker\.sock/s,
          );
        }
        expect(await host.rules()).toBe(before);
      },
    ),
  );

  test('a rootless one is not asked in the place of the usual one, and told how it would be', () =>
    inSetting(
      (host) => ownRun(host, rootlessOne),
      async (host, attempt) => {
        const before = await host.rules();
        for (const verb of ['check', 'restore']) {
          const outcome = await outcomeOf(attempt, verb);
          expect(outcome).toMatchObject({ exit: 3, fault: 'RG_ENGINE_ABSENT', asked: 0 });
          expect(outcome.told).toMatch(/\/run\/user\/1000\/docker\.sock belongs to uid 1000/);
          expect(outcome.told).toMatch(/DOCKER_HOST=unix:\/\/\/run\/user\/1000\/docker\.sock rulesguard/);
        }
        expect(await host.rules()).toBe(before);
      },
    ));

  test('nor is a second one of another user’s, beside which root’s own is', () =>
    inSetting(
      (host) =>
        ownRun(host, async (folder) => {
          const theirs = await impostor(folder, 'docker/theirs.sock');
          chownSync(path.join(folder, 'docker/theirs.sock'), 1000, 1000);
          return theirs;
        }),
      async (_, attempt) => {
        const outcome = await outcomeOf(attempt, 'check');
        expect(outcome).toMatchObject({ exit: 3, fault: 'RG_ENGINE_ABSENT', asked: 0 });
        expect(outcome.told).toMatch(/\/run\/docker\/theirs\.sock is not asked: \S+ belongs to uid 1000/);
      },
    ));

  test('the one DOCKER_HOST names is asked, whoever owns it', () =>
    inSetting(
      async (host) => named(await ownRun(host, rootlessOne)),
      async (_, attempt) => {
        expect((await outcomeOf(attempt, 'check')).asked).toBeGreaterThan(0);
      },
    ));

  test('root’s own is asked, though a group may', () =>
    inSetting(
      (host) =>
        ownRun(host, async (folder) => {
          const setting = await impostor(folder, 'docker.sock');
          chownSync(path.join(folder, 'docker.sock'), 0, 999);
          chmodSync(path.join(folder, 'docker.sock'), 0o660);
          return setting;
        }),
      async (_, attempt) => {
        expect((await outcomeOf(attempt, 'check')).asked).toBeGreaterThan(0);
      },
    ));
});
