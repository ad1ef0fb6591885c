// `npm test`: every layer, from a clean clone. Arguments are passed on to vitest.

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepare } from './prepare.mjs';
import { ROOT_29, tally } from './tally.mjs';

const LAYERS = ['unit', 'property', 'cli', 'kernel', 'engine', 'host'];
/** One file at a time, one layer after the other. */
const WAITING = ['engine', 'host'];

const root = path.join(import.meta.dirname, '..');
const results = path.join(root, 'test-results');
const underCi = process.env['CI'] === 'true';
const args = process.argv.slice(2);

/**
 * Runs of vitest in parallel. The engine layer has one worker, which waits for dockerd most of the time: beside the layers that
 * compute it costs little, after them it would leave the processors idle. The host layer runs after it in the same run: a third
 * run would only slow down the others.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const runs =
  args.length > 0
    ? { asked: args }
    : {
        layers: LAYERS.filter((layer) => !WAITING.includes(layer)).map((layer) => `--project=${layer}`),
        engine: WAITING.map((layer) => `--project=${layer}`),
      };

prepare();

rmSync(results, { recursive: true, force: true });
mkdirSync(results);
const ended = await Promise.all(Object.entries(runs).map(([name, words]) => vitest(name, words)));

const count = tally(ended, filesOfTests(), underCi);
for (const file of count.absent) console.error(`${path.relative(root, file)}: did not run`);
for (const failure of count.failures) console.log(`failed: ${failure.replace(`${root}/`, '')}`);
if (count.excused > 0)
  console.log(`${String(count.excused)} not run: no root of Engine 29.7 (${ROOT_29} names none)`);
for (const test of count.secondTry) console.log(`passed only at the second try: ${test}`);
const { passed, failed } = count;
writeFileSync(path.join(results, 'count.json'), JSON.stringify({ passed, failed, skipped: count.skipped }));
const skipped = count.skipped > 0 ? `, ${String(count.skipped)} skipped` : '';
console.log(`${String(passed)} passed, ${String(failed)} failed${skipped}`);
process.exitCode = failed > 0 ? 1 : 0;

/**
 * One run of vitest: its exit status, null when a signal ended it, and what its report says of each file.
 *
 * @param {string} name
 * @param {readonly string[]} words
 * @returns {Promise<import('./tally.mjs').Run>}
 */
function vitest(name, words) {
  const report = path.join(results, `vitest-${name}.json`);
  const child = spawn(
    process.execPath,
    [
      path.join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ...words,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, files: readReport(report) });
    });
  });
}

/** Every test file there is; none where arguments say which to run. */
function filesOfTests() {
  if (args.length > 0) return [];
  return LAYERS.flatMap((layer) =>
    readdirSync(path.join(root, 'test', layer), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => path.join(root, 'test', layer, name)),
  );
}

/**
 * @param {string} file
 * @returns {readonly import('./tally.mjs').FileReport[]}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).testResults;
  } catch {
    return [];
  }
}
