import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { tally, type FileReport } from '../../../packaging/tally.mjs';

const PROJECT = path.resolve(import.meta.dirname, '../../..');

const file = (name: string, ...statuses: string[]): FileReport => ({
  name,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ status })),
});
const counted = (...given: Parameters<typeof tally>) => {
  const { passed, failed, skipped } = tally(...given);
  return { passed, failed, skipped };
};

test.each([
  [
    'all well',
    [{ status: 0, files: [file('/a', 'passed', 'passed')] }],
    { passed: 2, failed: 0, skipped: 0 },
  ],
  [
    'one fails',
    [{ status: 1, files: [file('/a', 'passed', 'failed')] }],
    { passed: 1, failed: 1, skipped: 0 },
  ],
  [
    'one is skipped',
    [{ status: 0, files: [file('/a', 'passed', 'skipped')] }],
    { passed: 1, failed: 0, skipped: 1 },
  ],
  [
    'a file does not load',
    [{ status: 1, files: [{ name: '/a', status: 'failed', assertionResults: [] }] }],
    { passed: 0, failed: 1, skipped: 0 },
  ],
  [
    'vitest fails for something else',
    [{ status: 1, files: [file('/a', 'passed')] }],
    { passed: 1, failed: 1, skipped: 0 },
  ],
  ['vitest is killed before it reports', [{ status: null, files: [] }], { passed: 0, failed: 1, skipped: 0 }],
  [
    'one of two runs is killed, the other has failures of its own',
    [
      { status: 1, files: [file('/a', 'failed')] },
      { status: null, files: [] },
    ],
    { passed: 0, failed: 2, skipped: 0 },
  ],
])('%s', (_, runs, count) => {
  expect(counted(runs, [], false)).toEqual(count);
});

test('under CI what did not run has failed: a skipped test, a file that no report names', () => {
  const runs = [{ status: 0, files: [file('/a', 'passed', 'skipped')] }];
  expect(counted(runs, ['/a', '/b'], true)).toEqual({ passed: 1, failed: 2, skipped: 0 });
  expect(tally(runs, ['/a', '/b'], true).absent).toEqual(['/b']);
});

test('what failed is named, with the first line of why', () => {
  const files: readonly FileReport[] = [
    {
      ...{ name: '/a', status: 'failed' },
      assertionResults: [
        { status: 'failed', fullName: 'port 80 is open', failureMessages: ['Error: closed\n  at a.ts:1'] },
        { status: 'pending', fullName: 'waits' },
        { status: 'passed', fullName: 'listens' },
      ],
    },
    { name: '/b', status: 'failed', assertionResults: [] },
  ];
  expect(tally([{ status: 1, files }], [], true).failures).toEqual([
    '/a: port 80 is open: Error: closed',
    '/a: waits: never ended',
    '/b: could not be loaded',
  ]);
});

test('a test that passed only at its second try counts as passed, and is named', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-tally-'));
  try {
    const body =
      "import { expect, test } from 'vitest';\nlet tries = 0;\ntest('late', () => { tries += 1; expect(tries).toBe(2); });\ntest('at once', () => undefined);\n";
    writeFileSync(path.join(folder, 'late.test.ts'), body);
    const report = path.join(folder, 'report.json');
    const vitest = path.join(PROJECT, 'node_modules/vitest/vitest.mjs');
    const words = ['run', '--root', folder, '--retry=1', '--reporter=json', `--outputFile=${report}`];
    const { exitCode = null } = await execa(process.execPath, [vitest, ...words], { reject: false });
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as { testResults: FileReport[] };
    const count = tally([{ status: exitCode, files: testResults }], [], true);
    expect(count).toMatchObject({ passed: 2, failed: 0, secondTry: ['late'] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a worker that dies takes its tests with it: each has failed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-tally-'));
  try {
    const body = "import { test } from 'vitest';\ntest('a', () => undefined);\n";
    writeFileSync(path.join(folder, 'well.test.ts'), body);
    writeFileSync(
      path.join(folder, 'dies.test.ts'),
      `${body}test('b', () => { process.kill(process.pid, 'SIGKILL'); });\ntest('c', () => undefined);\n`,
    );
    const report = path.join(folder, 'report.json');
    const words = ['--dir', folder, '--reporter=json', `--outputFile=${report}`, '--root', folder];
    const vitest = path.join(PROJECT, 'node_modules/vitest/vitest.mjs');
    const { exitCode } = await execa(process.execPath, [vitest, 'run', ...words], {
      cwd: PROJECT,
      reject: false,
    });
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
      readonly testResults: readonly FileReport[];
    };
    expect(exitCode).not.toBe(0);
    expect(counted([{ status: exitCode ?? null, files: testResults }], [], false)).toEqual({
      passed: 1,
      failed: 3,
      skipped: 0,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

test.each<[what: string, title: string, root: string | undefined, status: string, failed: number]>([
  [
    'for want of its root',
    'x · Engine 29.7 (skipped: no root of Engine 29.7: RULESGUARD_LAB_ROOT_29_7 names none)',
    undefined,
    'skipped',
    0,
  ],
  [
    'for want of its root, an empty name',
    'x (skipped: no root of Engine 29.7: RULESGUARD_LAB_ROOT_29_7 names none) y',
    '',
    'skipped',
    0,
  ],
  [
    'although there is a root',
    'x (skipped: no root of Engine 29.7: RULESGUARD_LAB_ROOT_29_7 names none)',
    '/srv/root',
    'skipped',
    1,
  ],
  [
    'for another reason',
    'x · Engine 29.7 (skipped: missing on this machine: nsenter)',
    undefined,
    'skipped',
    1,
  ],
  [
    'of another Engine',
    'x · Engine 28.5 (skipped: a Docker Engine of our own needs root)',
    undefined,
    'skipped',
    1,
  ],
  [
    'that failed',
    'x (skipped: no root of Engine 29.7: RULESGUARD_LAB_ROOT_29_7 names none)',
    undefined,
    'failed',
    1,
  ],
])('under CI a test of Engine 29 that did not run %s: %5$s fails', (_, fullName, root, status, failed) => {
  const assertionResults = [{ status: 'passed' }, { status, fullName }];
  expect(
    tally([{ status: 0, files: [{ name: '/a', status: 'passed', assertionResults }] }], [], true, root),
  ).toMatchObject({
    passed: 1,
    failed,
  });
});
