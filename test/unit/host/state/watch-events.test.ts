import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendEvent, appendWhole, readEvents } from '../../../../src/host/state/watch-events.ts';
import type { WatchEvent } from '../../../../src/watch/event.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'rulesguard-events-'));
});
afterEach(() => {
  rmSync(stateDir, { recursive: true });
});

const event = (says: string, at = '2026-12-01T12:00:00.000Z'): WatchEvent => ({
  version: 1,
  at,
  kind: 'damage',
  says,
});
const current = (): string => join(stateDir, 'events', 'watch.jsonl');
const said = async (): Promise<readonly string[]> =>
  (await readEvents(stateDir)).events.map(({ says }) => says);

test('nothing is noted where nothing was', async () => {
  expect(await readEvents(stateDir)).toEqual({ events: [], unreadable: 0 });
});

test('events come back as they were noted, the oldest first', async () => {
  const full: WatchEvent = {
    ...event('3 published ports unreachable from outside'),
    effects: [{ id: 'aa', effect: 'outage', cause: 'lost', headline: 'x', cells: 3, repairable: true }],
    by: [{ pid: 1, name: 'iptables', command: ['iptables', '-F'], parents: [], unknown: 'no parents: gone' }],
    lasted: 12.5,
    repair: { toDetect: 2, toRepair: 10, journal: ['000001-20261201T120000Z'] },
  };
  await appendEvent(stateDir, full);
  await appendEvent(stateDir, event('second'));
  expect(await readEvents(stateDir)).toEqual({ events: [full, event('second')], unreadable: 0 });
});

test('only root reads them: they hold command lines', async () => {
  await appendEvent(stateDir, event('one'));
  expect(statSync(current()).mode & 0o777).toBe(0o600);
});

test('what a full disk or a crash left half written is counted, and nothing else is lost', async () => {
  await appendEvent(stateDir, event('one'));
  appendFileSync(current(), '{"version":1,"at":"2026-12-01T12:0\n');
  await appendEvent(stateDir, event('two'));
  expect(await readEvents(stateDir)).toEqual({ events: [event('one'), event('two')], unreadable: 1 });
});

test('the files do not grow for ever: a full one becomes the one before, and the one before that is dropped', async () => {
  const long = 'x'.repeat(3_900);
  for (let each = 0; each < 2_300; each++) await appendEvent(stateDir, event(`${String(each)} ${long}`));
  expect(readdirSync(join(stateDir, 'events')).sort()).toEqual(['watch.1.jsonl', 'watch.jsonl']);
  const { events } = await readEvents(stateDir);
  expect(events.at(-1)?.says).toMatch(/^2299 /);
  expect(events.length).toBeLessThan(2_300);
  expect(events.length).toBeGreaterThan(1_000);
});

test('events of months ago are dropped', async () => {
  await appendEvent(stateDir, event('old', '2026-01-01T00:00:00.000Z'));
  await appendEvent(stateDir, event('newer', '2026-06-01T00:00:00.000Z'));
  expect(await said()).toEqual(['old', 'newer']);
  await appendEvent(stateDir, event('newest', '2026-12-01T00:00:00.000Z'));
  expect(await said()).toEqual(['newer', 'newest']);
});

test('a file that others may write is not believed', async () => {
  await appendEvent(stateDir, event('one'));
  chmodSync(current(), 0o666);
  await expect(readEvents(stateDir)).rejects.toThrow(/events file/);
});

test('nothing is written through a link', async () => {
  await appendEvent(stateDir, event('one'));
  rmSync(current());
  const target = join(stateDir, 'target');
  writeFileSync(target, '');
  symlinkSync(target, current());
  await expect(appendEvent(stateDir, event('two'))).rejects.toThrow();
  expect(statSync(target).size).toBe(0);
});

test('of a line for which there is no room nothing stays', async () => {
  const cut: number[] = [];
  const file = {
    write: (line: Buffer) => Promise.resolve({ bytesWritten: line.length - 1, buffer: line }),
    truncate: (size: number) => Promise.resolve(void cut.push(size)),
  };
  await expect(appendWhole(file as never, Buffer.from('{}\n'), 7)).rejects.toThrow('no space left');
  expect(cut).toEqual([7]);
});
