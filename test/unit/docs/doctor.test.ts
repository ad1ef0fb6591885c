import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CHECK_CODES } from '../../../src/doctor/codes.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** The rows of docs/doctor.md that tell of a code. */
const documented = [
  ...readFileSync(path.join(ROOT, 'docs/doctor.md'), 'utf8').matchAll(/^\| `([a-z][a-z0-9-]*)` +\|/gm),
].map(([, code = '']) => code);

test('docs/doctor.md has a row for each code a check may have, and none for another', () => {
  expect([...new Set(documented)].sort()).toEqual([...CHECK_CODES].sort());
});

test('no code is listed twice', () => {
  expect(new Set(CHECK_CODES).size).toBe(CHECK_CODES.length);
});
