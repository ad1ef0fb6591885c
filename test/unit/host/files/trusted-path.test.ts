import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judgePath } from '../../../../src/host/files/trusted-path.ts';

let folder = '';
const at = (...parts: readonly string[]): string => path.join(folder, ...parts);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-path-'));
  mkdirSync(at('a/b'), { recursive: true });
  writeFileSync(at('a/b/file'), '', { mode: 0o600 });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a path that only root, or whoever runs this, can lead elsewhere', () => {
  test('in folders that nobody else may write', () => {
    expect(judgePath(at('a/b/file'))).toMatchObject({ real: at('a/b/file'), weakness: undefined });
    expect(judgePath(at('a/b/file')).stats?.isFile()).toBe(true);
  });

  test('through links of one’s own, absolute ones, relative ones, and back', () => {
    symlinkSync(at('a'), at('absolute'));
    symlinkSync('../absolute/b/../b', at('a/relative'));
    expect(judgePath(at('a/relative/file'))).toMatchObject({ real: at('a/b/file'), weakness: undefined });
  });

  test('below a sticky folder', () => {
    chmodSync(at('a'), 0o1777);
    expect(judgePath(at('a/b/file')).weakness).toBeUndefined();
  });

  test('where nothing is yet, up to there', () => {
    expect(judgePath(at('a/none/below'))).toEqual({ real: at('a'), stats: undefined, weakness: undefined });
    expect(judgePath(at('a/b/file/below')).stats).toBeUndefined();
  });

  test('a socket that others may ask', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at('a/s.sock'), resolve));
    chmodSync(at('a/s.sock'), 0o666);
    expect(judgePath(at('a/s.sock'), { kind: 'socket' }).weakness).toBeUndefined();
    expect(judgePath(at('a/s.sock')).weakness).toMatchObject({ why: 'may be written by others' });
    server.close();
  });
});

test('below the root of another process no link and no step up leads out of it', () => {
  symlinkSync('/b/file', at('a/absolute'));
  symlinkSync('../../../../b', at('a/up'));
  expect(judgePath('/absolute', { root: at('a') })).toMatchObject({ real: '/b/file', weakness: undefined });
  expect(judgePath('/up/file', { root: at('a') }).stats?.isFile()).toBe(true);
  symlinkSync('/etc/passwd', at('a/out'));
  expect(judgePath('/out', { root: at('a') }).stats).toBeUndefined();
});

describe('a path that somebody else can lead elsewhere', () => {
  test.each<[what: string, mode: number]>([
    ['its group', 0o770],
    ['everybody', 0o707],
  ])('in a folder that %s may write, however far up', (_, mode) => {
    chmodSync(at('a'), mode);
    expect(judgePath(at('a/b/file')).weakness).toEqual({ path: at('a'), why: 'may be written by others' });
  });

  test('a file that others may write', () => {
    chmodSync(at('a/b/file'), 0o620);
    expect(judgePath(at('a/b/file')).weakness?.path).toBe(at('a/b/file'));
  });

  test('a folder that others may write, on the way of a link', () => {
    mkdirSync(at('open/in'), { recursive: true });
    chmodSync(at('open'), 0o777);
    symlinkSync('../../a/b', at('open/in/link'));
    symlinkSync(at('open/in/link'), at('a/there'));
    expect(judgePath(at('a/there/file'))).toMatchObject({
      real: at('a/b/file'),
      weakness: { path: at('open'), why: 'may be written by others' },
    });
  });

  test('links in a circle', () => {
    symlinkSync(at('y'), at('x'));
    symlinkSync(at('x'), at('y'));
    expect(judgePath(at('x/file')).weakness?.why).toBe('leads in a circle');
  });

  test.skipIf(process.geteuid?.() !== 0)('where a folder, a link or the file is another user’s', () => {
    symlinkSync(at('a/b'), at('a/link'));
    lchownSync(at('a/link'), 1000, 1000);
    expect(judgePath(at('a/link/file'))).toMatchObject({
      real: at('a/b/file'),
      weakness: { path: at('a/link'), why: 'is a link that belongs to uid 1000' },
    });
    chownSync(at('a/b/file'), 1000, 0);
    expect(judgePath(at('a/b/file')).weakness).toEqual({ path: at('a/b/file'), why: 'belongs to uid 1000' });
    chownSync(at('a'), 65534, 0);
    expect(judgePath(at('a/b/file')).weakness).toEqual({ path: at('a'), why: 'belongs to uid 65534' });
  });
});
