import { readFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { answering, listening, type Setting } from './troubles.ts';
import { oneIn } from '../../support/incident/share.ts';

const FIXTURE = new URL('../../fixtures/engine-28.5-ports/engine.json', import.meta.url);

/** A healthy Engine’s answers, and something else where `path` is asked for. */
const but =
  (path: string, say: (response: ServerResponse) => void) =>
  (host: CliHost): Promise<Setting> => {
    const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Readonly<Record<string, unknown>>;
    const names: Readonly<Record<string, string>> = { '/containers/json': 'containers' };
    const listener: RequestListener = ({ url = '' }, response) => {
      if (url === path) say(response);
      else response.end(JSON.stringify(recorded[names[url] ?? url.slice(1)] ?? []));
    };
    return answering(listener)(host);
  };

/** Writes the same piece for as long as somebody reads it. */
const endless = (piece: string) => (response: ServerResponse) => {
  const go = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', go);
  };
  go();
};

/** The recorded networks, with one word of theirs replaced. */
const networksWith = (word: string, other: string) =>
  but('/networks', (response) => {
    const { networks } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as { readonly networks: unknown };
    response.end(JSON.stringify(networks).replaceAll(word, other));
  });

const MIB = 1024 * 1024;
const raw = (text: string) => (host: CliHost) =>
  listening(
    host,
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(text);
    }),
  );

const HOSTILE: readonly (readonly [what: string, set: (host: CliHost) => Promise<Setting>, told: RegExp])[] =
  [
    [
      'a list without an end',
      but('/networks', endless(`[${'{},'.repeat(20_000)}`)),
      /networks → more than 32 MiB/,
    ],
    ['a version without an end', but('/version', endless('"'.repeat(MIB))), /version → more than 4 MiB/],
    [
      'objects without content, ten million',
      but('/containers/json', (response) => response.end(`[${'{},'.repeat(10_000_000)}{}]`)),
      /more than 2000000 values/,
    ],
    [
      'lists in lists, a million deep',
      but('/networks', (response) => response.end(`${'['.repeat(MIB)}${']'.repeat(MIB)}`)),
      /more than 1000 deep/,
    ],
    [
      'half an answer',
      but('/info', (response) => response.writeHead(200, { 'content-length': 9 }).end('{')),
      /no answer/,
    ],
    [
      'headers without an end',
      raw(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(100_000)}`),
      /is not a Docker Engine/,
    ],
    ['an id that is no path', networksWith('"Id":"', '"Id":" \\u0000'), /which is no id/],
    ['no networks', but('/networks', (response) => response.end('[]')), /not the networks host and none/],
    [
      'another protocol',
      raw('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      /no answer came/,
    ],
  ];

/** Runs it to its end, and watches how much memory it takes at most, in MiB. */
async function watched(host: CliHost, args: readonly string[], dockerHost: string) {
  const child = host.start(args, { DOCKER_HOST: dockerHost });
  let peak = 0;
  const ended = child.then(({ exitCode, stdout, stderr }) => ({ exitCode, stdout, stderr }));
  const state = { over: false };
  void ended.then(() => (state.over = true));
  while (!state.over) {
    const status = (() => {
      try {
        return readFileSync(`/proc/${String(child.pid)}/status`, 'latin1');
      } catch {
        return '';
      }
    })();
    peak = Math.max(peak, Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    await sleep(10);
  }
  return { ...(await ended), peak };
}

/** Rules that name the network, by what it is or claims to be. */
const aboutIt = (rules: string): readonly string[] =>
  rules.split('\n').filter((line) => /docker0|e\+|172\.17\.|0\.0\.0\.0\/0/.test(line));

describeCli('an Engine that says more than an Engine has to say', () => {
  test.each(oneIn(4, HOSTILE))('%s: a fault, in bounded memory, and nothing is written', (_, set, told) =>
    withHost(async (host) => {
      const { dockerHost, end } = await set(host);
      const before = await host.rules();
      try {
        for (const verb of ['check', 'restore']) {
          const { exitCode, stdout, stderr, peak } = await watched(
            host,
            [verb, '--source', 'engine'],
            dockerHost,
          );
          expect({ verb, exitCode, stdout }).toEqual({ verb, exitCode: 3, stdout: '' });
          expect(stderr).toMatch(told);
          expect(stderr).not.toMatch(/^\s+at |FATAL|heap/m);
          expect(peak).toBeLessThan(400);
        }
        expect(await host.rules()).toBe(before);
      } finally {
        end?.();
      }
    }),
  );

  test.each([
    ['a bridge name that matches many', networksWith('"docker0"', '"e+"'), 'its bridge "e+" is no interface'],
    [
      'a subnet that is everything',
      networksWith('172.17.0.0/16', '0.0.0.0/0'),
      'its subnet "0.0.0.0/0" is none',
    ],
  ])('%s: that network is set aside by name, and no rule is written of it', (_, set, told) =>
    withHost(async (host) => {
      const { dockerHost, end } = await set(host);
      await host.sh('ip link add br-1e57ca67692e type bridge');
      const before = aboutIt(await host.rules());
      try {
        for (const verb of ['check', 'restore']) {
          const { stdout, stderr } = await watched(host, [verb, '--source', 'engine'], dockerHost);
          expect(`${stdout}${stderr}`).toContain(told);
        }
        expect(aboutIt(await host.rules())).toEqual(before);
      } finally {
        end?.();
      }
    }),
  );
});
