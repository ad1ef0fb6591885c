import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { switchOn } from '../../../../src/host/events/settings.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rulesguard-settings-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
const NAME = 'net.ipv4.ip_forward';
const file = path.join(root, 'net', 'ipv4', 'ip_forward');

test('a setting that is off is switched on; one that is on, or is not there, is left', () => {
  expect(switchOn(NAME, root)).toBe(false);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '0\n');
  expect(switchOn(NAME, root)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('1\n');
  writeFileSync(file, '2\n');
  expect(switchOn(NAME, root)).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe('2\n');
});
