import {
  chmod,
  chown,
  cp,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');
const isRoot = process.getuid?.() === 0;

let home = '';
let cache = '';

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'rulesguard-start-'));
  await cp(path.join(project, 'bin'), path.join(home, 'bin'), { recursive: true });
  await cp(path.join(project, 'dist'), path.join(home, 'dist'), { recursive: true });
  cache = path.join(home, 'dist', 'cache');
  await rm(cache, { recursive: true, force: true });
});

afterEach(async () => {
  await rm(home, { recursive: true });
});

/** Runs a command that needs no kernel, and says how it ended. */
async function start(...words: readonly string[]) {
  const program = path.join(home, 'bin', 'rulesguard.js');
  return await execa(process.execPath, [program, ...words], { input: '*filter\nCOMMIT\n', reject: false });
}

/** The one file of the cache: its path and what tells whether it was written anew. */
async function kept() {
  const [name = 'none', ...others] = await readdir(cache);
  expect(others).toEqual([]);
  const file = path.join(cache, name);
  const { ino, mtimeMs, mode, uid } = await stat(file);
  return { file, mode: mode & 0o777, uid, version: `${String(ino)} ${String(mtimeMs)}` };
}

test('the bundle is read as latin1, so it holds nothing but ASCII', async () => {
  const bundle = await readFile(path.join(home, 'dist', 'rulesguard.cjs'), 'latin1');
  expect(/[^\0-\x7f].*/.exec(bundle)?.[0]).toBeUndefined();
});

test('a message has the letters of its source', async () => {
  const { exitCode, stderr } = await start('chekc');
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^→ /m);
  expect(stderr).not.toMatch(/[Ââ\ufffd]/);
});

describe('the bytecode kept between runs', () => {
  test('is written once, for its owner only to change', async () => {
    expect((await start('strip')).exitCode).toBe(0);
    const first = await kept();
    expect(first.mode).toBe(0o644);
    expect((await start('strip')).exitCode).toBe(0);
    expect((await kept()).version).toBe(first.version);
  });

  test('is not kept of a run that did not work', async () => {
    expect((await start('strip', '--no-such-option')).exitCode).toBe(2);
    expect((await start('strip', '--help')).exitCode).toBe(0);
    await expect(readdir(cache)).rejects.toThrow('ENOENT');
  });

  test.each([
    ['others may write it', async (file: string) => chmod(file, 0o646)],
    ['its group may write it', async (file: string) => chmod(file, 0o664)],
    ['it is broken', async (file: string) => writeFile(file, 'no bytecode at all')],
    [
      'it is a link',
      async (file: string) => {
        await rename(file, path.join(home, 'elsewhere'));
        await symlink(path.join(home, 'elsewhere'), file);
      },
    ],
  ])('is replaced when %s', async (_, spoil) => {
    await start('strip');
    const { file, version } = await kept();
    await spoil(file);
    const { exitCode, stderr } = await start('strip');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect((await kept()).version).not.toBe(version);
    expect((await kept()).mode).toBe(0o644);
  });

  test.runIf(isRoot)("is replaced when it is another user's", async () => {
    await start('strip');
    const { file } = await kept();
    await chown(file, 12345, 12345);
    expect((await start('strip')).exitCode).toBe(0);
    expect((await kept()).uid).toBe(0);
  });

  test.runIf(isRoot)("is not written where the bundle is another user's", async () => {
    await chown(path.join(home, 'dist', 'rulesguard.cjs'), 12345, 12345);
    expect((await start('strip')).exitCode).toBe(0);
    await expect(readdir(cache)).rejects.toThrow('ENOENT');
  });
});

test('a program that cannot start exits with 2, not with the 1 that means damage', async () => {
  await writeFile(path.join(home, 'dist', 'rulesguard.cjs'), '(function () { throw new Error("broken"); })');
  const { exitCode, stderr } = await start('check');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('broken');
});
