import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  announce,
  announceEnd,
  isAnnounced,
  LONGEST_CHANGE,
  uptimeNow,
  whileAnnounced,
} from '../../../../src/host/state/announcements.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-announced-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const NOW = 1_000_000;
const NO_PROCESS = 2 ** 30;

test.each([
  ['by a process that lives', { pid: process.pid, until: NOW + 1 }, true],
  ['by one whose id another has by now', { pid: process.pid, start: '1', until: NOW + 1 }, false],
  ['by one that has ended', { pid: NO_PROCESS, until: NOW + 1 }, false],
  ['by nobody in particular', { until: NOW + 1 }, true],
  ['until now', { pid: process.pid, until: NOW }, false],
  ['for longer than any change takes', { pid: process.pid, until: NOW + LONGEST_CHANGE + 1 }, false],
])('a change announced %s', async (_, announcement, counts) => {
  const runDir = mkdtempSync(path.join(folder, 'run-'));
  expect(isAnnounced(runDir, NOW)).toBe(false);
  await announce(runDir, 'one', announcement);
  expect(isAnnounced(runDir, NOW)).toBe(counts);
  announceEnd(runDir, 'one');
  expect(isAnnounced(runDir, NOW)).toBe(false);
});

test('a change is announced while it is made, and also when it fails no longer', async () => {
  const runDir = path.join(folder, 'while');
  const isUnderWay = () => isAnnounced(runDir, uptimeNow());
  expect(await whileAnnounced(runDir, () => Promise.resolve(isUnderWay()))).toBe(true);
  await expect(whileAnnounced(runDir, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(isUnderWay()).toBe(false);
});

test('an announcement that cannot be read hides no other', async () => {
  const runDir = path.join(folder, 'odd');
  await announce(runDir, 'b', { until: NOW + 1 });
  mkdirSync(path.join(runDir, 'changing', 'a.json'));
  expect(isAnnounced(runDir, NOW)).toBe(true);
});

test('where it cannot be announced the change is made all the same', async () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  expect(await whileAnnounced(file, () => Promise.resolve(7))).toBe(7);
});
