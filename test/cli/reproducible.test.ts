import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { lstatSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT } from '../support/cli.ts';

const NEVER_COPIED = new Set(['.git', 'coverage', 'node_modules', 'test', 'test-results']);
const BUILT = ['dist', 'src/generated'];

/** Elsewhere, by somebody else: another umask, language and clock; what is installed lies behind a link. */
const ELSEWHERE = {
  LC_ALL: 'tr_TR.UTF-8',
  TZ: 'Pacific/Kiritimati',
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
};

interface Pack {
  readonly integrity: string;
  readonly files: readonly { readonly path: string; readonly size: number; readonly mode: number }[];
}

/** A copy of the project, its files as a checkout with that umask leaves them, and of that day. */
function copy(to: string, umask: number, day: string): void {
  for (const name of readdirSync(PROJECT).filter((entry) => !NEVER_COPIED.has(entry)))
    cpSync(path.join(PROJECT, name), path.join(to, name), { recursive: true });
  for (const entry of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(to, entry);
    chmodSync(file, (lstatSync(file).isDirectory() ? 0o777 : 0o666) & ~umask);
    utimesSync(file, new Date(day), new Date(day));
  }
  symlinkSync(path.join(PROJECT, 'node_modules'), path.join(to, 'node_modules'));
}

async function pack(folder: string, umask: string, ...options: readonly string[]): Promise<Pack> {
  const script = `umask ${umask} && exec npm pack --json ${options.join(' ')}`;
  const { stdout } = await execa('sh', ['-c', script], { cwd: folder, env: ELSEWHERE });
  // npm run prints its headlines before the answer.
  return (JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [Pack])[0];
}

/** Every file below the folder and what is in it. */
function contents(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  const read = files.map((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return [path.relative(folder, file), readFileSync(file, 'latin1')] as const;
  });
  return Object.fromEntries(read.filter(([name]) => !name.startsWith('cache/')));
}

let folder = '';
const here = () => path.join(folder, 'here');
const there = () => path.join(folder, 'some where', 'öther (1)');

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-again-'));
  for (const one of [here(), there()]) mkdirSync(one, { recursive: true });
  copy(here(), 0o022, '2026-01-02');
  copy(there(), 0o077, '2001-02-03');
  for (const name of BUILT) rmSync(path.join(there(), name), { recursive: true });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('built in another folder, at another time, with another umask and language: the same bytes', async () => {
  const again = await pack(there(), '077');
  for (const name of BUILT) {
    const [expected, built] = [contents(path.join(PROJECT, name)), contents(path.join(there(), name))];
    expect(Object.keys(built)).toEqual(Object.keys(expected));
    for (const file of Object.keys(expected)) expect(built[file] === expected[file], file).toBe(true);
  }
  const first = await pack(here(), '022', '--ignore-scripts');
  // The list is for people who see this fail; the digest is of the archive, byte for byte.
  expect(again.files).toEqual(first.files);
  expect(again.integrity).toBe(first.integrity);
});
