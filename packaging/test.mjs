// `npm test`: every layer, from a clean clone. Arguments are passed on to vitest.

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepare } from './prepare.mjs';
import { ROOT_29, tally } from './tally.mjs';

const LAYERS = ['unit', 'property', 'cli', 'kernel', 'engine', 'host'];

const root = path.join(import.meta.dirname, '..');
const results = path.join(root, 'test-results');
const underCi = process.env['CI'] === 'true';
const args = process.argv.slice(2);

/**
 * Runs of vitest: rows side by side, the runs of a row one after the other. The engine layer has one worker, which waits for dockerd most
 * of the time: beside the layers that compute it costs little, after them it would leave the processors idle. The host layer comes last: an
 * emulated kernel takes both processors.
 *
 * @type {readonly (readonly { readonly name: string, readonly words: readonly string[] }[])[]}
 */
const rows =
  args.length > 0
    ? [[{ name: 'asked', words: args }]]
    : [
        [
          {
            name: 'layers',
            words: ['unit', 'property', 'cli', 'kernel'].map((layer) => `--project=${layer}`),
          },
        ],
        [
          { name: 'engine', words: ['--project=engine'] },
          { name: 'host', words: ['--project=host'] },
        ],
      ];

prepare();

rmSync(results, { recursive: true, force: true });
mkdirSync(results);
const ended = (await Promise.all(rows.map(inOrder))).flat();

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
 * @param {(typeof rows)[number]} row
 * @returns {Promise<readonly import('./tally.mjs').Run[]>}
 */
async function inOrder(row) {
  const done = [];
  for (const { name, words } of row) done.push(await vitest(name, words));
  return done;
}

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
