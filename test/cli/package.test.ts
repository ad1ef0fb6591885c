import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');
const npm = execa({ cwd: project, env: { npm_config_offline: 'true', npm_config_update_notifier: 'false' } });

let folder = '';
let files: string[] = [];

// The build is there already, and making it anew would pull it from under the tests beside this one.
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rulesguard-package-'));
  const { stdout } = await npm('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  const [pack] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  files = pack.files.map((file) => file.path);
  await npm('npm', ['install', '--global', '--prefix', folder, path.join(folder, pack.filename)]);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('the package holds what runs and nothing of the workshop', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'bin/rulesguard.js',
      'dist/rulesguard.cjs',
      'dist/THIRD-PARTY-LICENSES.txt',
      'LICENSE',
      'packaging/ansible/plugins/modules/rulesguard_check.py',
      'packaging/grafana/rulesguard.json',
      'packaging/prometheus/rulesguard.rules.yml',
    ]),
  );
  expect(
    files.filter((file) =>
      /^(?:(?:src|test|\.ci|dist\/cache)\/|packaging\/(?!ansible\/|grafana\/|prometheus\/))/.test(file),
    ),
  ).toEqual([]);
});

test('installed globally, without a network, it runs', async () => {
  const { version } = JSON.parse(await readFile(path.join(project, 'package.json'), 'utf8')) as {
    version: string;
  };
  const program = path.join(folder, 'bin', 'rulesguard');
  expect((await execa(program, ['--version'])).stdout).toBe(version);
  const save = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.1/32 -j DROP\nCOMMIT\n';
  expect((await execa(program, ['strip'], { input: save, stripFinalNewline: false })).stdout).toBe(save);
});
