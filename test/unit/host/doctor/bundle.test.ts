import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBundle, writeReport } from '../../../../src/host/doctor/bundle.ts';
import { tarGz } from '../../../../src/host/doctor/tar.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-bundle-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const FILES = [
  { name: 'README.txt', text: 'é → 2\n', encoding: 'utf8' },
  { name: 'rules/nft-ipv4.save', text: 'caf\u00c3\u00a9\n'.repeat(200), encoding: 'latin1' },
  { name: 'empty', text: '', encoding: 'utf8' },
  { name: 'whole', text: 'x'.repeat(512), encoding: 'utf8' },
] as const;

test('tar unpacks the same bytes, readable by the owner alone', async () => {
  const file = path.join(folder, 'bundle.tar.gz');
  await writeBundle(file, FILES, 1_795_000_000);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const out = path.join(folder, 'out');
  mkdirSync(out);
  const { stderr } = await execa('tar', ['-xpzf', file, '-C', out]);
  expect(stderr).toBe('');
  for (const { name, text, encoding } of FILES) {
    const unpacked = path.join(out, 'rulesguard-doctor', name);
    expect(readFileSync(unpacked).equals(Buffer.from(text, encoding)), name).toBe(true);
    expect(statSync(unpacked).mode & 0o777).toBe(0o600);
    expect(statSync(unpacked).mtimeMs).toBe(1_795_000_000_000);
  }
});

test('the same files give the same archive', () => {
  expect(tarGz(FILES, 1).equals(tarGz(FILES, 1))).toBe(true);
});

test('a file name that is too long is refused, not shortened', () => {
  expect(() => tarGz([{ name: 'x'.repeat(101), text: '', encoding: 'utf8' }], 1)).toThrow(RangeError);
});

test('an older report is replaced; a link, a folder and a device are not', async () => {
  const file = path.join(folder, 'page.html');
  await writeReport(file, 'one', 'page');
  await writeReport(file, 'two', 'page');
  expect(readFileSync(file, 'utf8')).toBe('two');

  const victim = path.join(folder, 'victim');
  writeFileSync(victim, 'untouched');
  const link = path.join(folder, 'link');
  symlinkSync(victim, link);
  for (const refused of [link, folder, '/dev/null'])
    await expect(writeReport(refused, 'x', 'page')).rejects.toMatchObject({
      code: 'RG_UNSAFE_FILE',
      exit: 3,
    });
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
});
