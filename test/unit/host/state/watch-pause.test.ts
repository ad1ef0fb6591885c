import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  clocksNow,
  endPause,
  readPause,
  writePause,
  type PauseClocks,
} from '../../../../src/host/state/watch-pause.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-pause-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOON = Date.parse('2026-06-01T12:00:00.000Z');
const BEGUN: PauseClocks = { now: NOON, uptime: 100 * DAY, boot: 'first' };
const at = (changes: Partial<PauseClocks>) => () => Promise.resolve({ ...BEGUN, ...changes });
/** So much later, by a clock that was set meanwhile. */
const later = (passed: number, set = 0) => at({ now: NOON + passed + set, uptime: BEGUN.uptime + passed });

const runDir = (): string => mkdtempSync(path.join(folder, 'run-'));

async function paused(): Promise<string> {
  const place = runDir();
  expect(await writePause(place, 15 * MINUTE, 'ops', at({}))).toBe('2026-06-01T12:15:00.000Z');
  return place;
}

describe('a pause of 15 minutes', () => {
  test.each([
    ['in its 14th minute', later(14 * MINUTE), '2026-06-01T12:15:00.000Z'],
    ['at its end', later(15 * MINUTE), undefined],
    ['though the clock was set forth by a day', later(MINUTE, DAY), '2026-06-02T12:15:00.000Z'],
    ['though the clock was set back by a day', later(MINUTE, -DAY), '2026-05-31T12:15:00.000Z'],
    ['at its end, with the clock set back', later(15 * MINUTE, -DAY), undefined],
    ['by a clock that was adjusted a little', later(MINUTE, 40), '2026-06-01T12:15:00.000Z'],
    [
      'after a reboot',
      at({ now: NOON + 2 * MINUTE, uptime: MINUTE, boot: 'second' }),
      '2026-06-01T12:15:00.000Z',
    ],
    ['after a reboot that took longer', at({ now: NOON + HOUR, uptime: MINUTE, boot: 'second' }), undefined],
    ['after a reboot without a clock', at({ now: 0, uptime: MINUTE, boot: 'second' }), undefined],
    ['where no boot has a name', at({ now: NOON + MINUTE, boot: undefined }), '2026-06-01T12:15:00.000Z'],
  ])('%s', async (_, clocks, until) => {
    expect((await readPause(await paused(), clocks))?.until).toBe(until);
  });

  test('names who asked for it, and ends when it is ended', async () => {
    const place = await paused();
    expect(await readPause(place, at({}))).toEqual({ until: '2026-06-01T12:15:00.000Z', by: 'ops' });
    await endPause(place);
    expect(await readPause(place, at({}))).toBeUndefined();
  });
});

test.each([
  [NOON, '2026-06-01T12:15:00.000Z'],
  [NOON + HOUR, undefined],
])('a note of before, by the clock alone, is read', async (now, until) => {
  const place = runDir();
  const note = '{"until":"2026-06-01T12:15:00.000Z","by":"ops"}\n';
  writeFileSync(path.join(place, 'watch-pause.json'), note, { mode: 0o600 });
  expect((await readPause(place, at({ now })))?.until).toBe(until);
});

test('this machine has a boot with a name', async () => {
  expect((await clocksNow()).boot).toMatch(/^[\da-f-]{36}$/);
});
