import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tryProgram } from '../../../../src/host/command/program.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-program-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a program and tries it as a hook would run it. */
function tried(name: string, content: string, mode = 0o755): Promise<string | undefined> {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return tryProgram({ path: file, nodeFolder: path.dirname(process.execPath) });
}

test('a program that answers can run, with a PATH that lacks its Node too', async () => {
  expect(await tried('good', '#!/bin/sh\nexit 0\n')).toBeUndefined();
  expect(await tried('node', '#!/usr/bin/env node\nprocess.exit(0);\n')).toBeUndefined();
});

test.each([
  ['is not executable', '#!/bin/sh\n', 0o644, /is not executable/],
  ['has lost its interpreter', '#!/nonexistent/node\n', 0o755, /does not run: /],
  ['ends with an error', '#!/bin/sh\necho broken >&2\nexit 3\n', 0o755, /does not run: broken$/],
  ['ends without a word', '#!/bin/sh\nexit 3\n', 0o755, /does not run: exit 3$/],
])('a program that %s cannot', async (name, content, mode, why) => {
  expect(await tried(name.replaceAll(' ', '-'), content, mode)).toMatch(why);
});

test('nor one that is not there, nor one whose path a shell would take for several words', async () => {
  expect(await tryProgram({ path: path.join(folder, 'gone'), nodeFolder: '' })).toMatch(/gone is not there/);
  expect(await tried('two words', '#!/bin/sh\n')).toMatch(/two words cannot be used in a shell script/);
});
