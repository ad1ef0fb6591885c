import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchEngine } from '../../../../src/host/events/engine.ts';
import type { Seen, Source, SourceState } from '../../../../src/watch/seen.ts';
import { until } from '../../../support/until.ts';

let folder: string;
let socket: string;
let source: Source;
let server: Server | undefined;
let streams: ServerResponse[];
let asked: string[];
let seen: Seen[];
let states: SourceState[];

/** An Engine that answers each question for events with a stream, or with a status. */
async function serve(status = 200): Promise<void> {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status);
    response.flushHeaders();
    if (status === 200) streams.push(response);
    else response.end('no');
  });
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
}

async function close(): Promise<void> {
  const closing = server;
  server = undefined;
  if (closing === undefined) return;
  closing.closeAllConnections();
  await new Promise((resolve) => closing.close(resolve));
}

const tell = (text: string): void => {
  streams.at(-1)?.write(text);
};
const event = (action: string, id = 'a'.repeat(64)): string =>
  `${JSON.stringify({ Type: 'container', Action: action, Actor: { ID: id, Attributes: {} } })}\n`;
const start = (): void => {
  source = watchEngine({ seen: (one) => seen.push(one), state: (one) => states.push(one) });
};
const kinds = (): readonly string[] => seen.map(({ kind }) => kind);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-engine-'));
  socket = path.join(folder, 'e.sock');
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
  [streams, asked, seen, states] = [[], [], [], []];
});

afterEach(async () => {
  await source.stop();
  await close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('events are told as they come, also in pieces, and the Engine is asked once', async () => {
  await serve();
  start();
  await until(() => states.some(({ works }) => works));
  expect(seen).toEqual([{ kind: 'missed', source: 'engine', reason: 'it began to listen' }]);
  const two = event('start') + event('die', 'b'.repeat(64));
  tell(two.slice(0, 30));
  tell(two.slice(30));
  await until(() => seen.length === 3);
  expect(seen.slice(1)).toEqual([
    { kind: 'engine', type: 'container', action: 'start', id: 'a'.repeat(64) },
    { kind: 'engine', type: 'container', action: 'die', id: 'b'.repeat(64) },
  ]);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatch(/^\/events\?filters=/);
});

test('an Engine that goes and comes back is told so, once each', async () => {
  await serve();
  start();
  await until(() => seen.length === 1);
  await close();
  await until(() => states.some(({ works }) => !works));
  await serve();
  await until(() => kinds().includes('engine-back'));
  expect(kinds()).toEqual(['missed', 'engine-gone', 'engine-back']);
  expect(states.map(({ works }) => works)).toEqual(expect.arrayContaining([true, false, true]));
  tell(event('start'));
  await until(() => kinds().includes('engine'));
});

test('an Engine that is not there yet is waited for, and is back when it answers', async () => {
  start();
  await until(() => states.length > 0);
  expect(states[0]).toMatchObject({ source: 'engine', works: false });
  expect(seen).toEqual([]);
  await serve(500);
  await until(() => asked.length > 0);
  await close();
  await serve();
  await until(() => seen.length > 0);
  expect(kinds()).toEqual(['engine-back']);
  expect(states.at(-1)).toMatchObject({ works: true });
});

test('what is no event is something missed, and however long it is it is not kept', async () => {
  await serve();
  start();
  await until(() => seen.length === 1);
  tell('no JSON\n');
  await until(() => seen.length === 2);
  for (let mebibyte = 0; mebibyte < 40; mebibyte++) tell('x'.repeat(1024 * 1024));
  tell('\n');
  tell(event('start'));
  await until(() => kinds().includes('engine'));
  expect(kinds()).toEqual(['missed', 'missed', 'missed', 'engine']);
});

test('nothing is told after it was stopped', async () => {
  await serve();
  start();
  await until(() => seen.length === 1);
  await source.stop();
  await close();
  expect(seen).toHaveLength(1);
  expect(states).toHaveLength(1);
});
