// `npm test`: every layer, from a clean clone. Arguments are passed on to vitest.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepare } from './prepare.mjs';

const LAYERS = ['unit', 'property', 'cli', 'kernel', 'engine'];

const root = path.join(import.meta.dirname, '..');
const results = path.join(root, 'test-results');
const report = path.join(results, 'vitest.json');
const underCi = process.env['CI'] === 'true';
const args = process.argv.slice(2);

prepare();

rmSync(results, { recursive: true, force: true });
mkdirSync(results);
const { status } = spawnSync(
  process.execPath,
  [
    path.join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ...args,
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);

const count = tally();
writeFileSync(path.join(results, 'count.json'), JSON.stringify(count));
const skipped = count.skipped > 0 ? `, ${String(count.skipped)} skipped` : '';
console.log(`${String(count.passed)} passed, ${String(count.failed)} failed${skipped}`);
process.exitCode = count.failed > 0 ? 1 : 0;

/** Adds up vitest's report. Under CI a test that did not run proves nothing, so it counts as failed. */
function tally() {
  const files = readReport();
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  const broken = files.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const notRun = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').length;
  let failed = tests.filter((test) => test.status === 'failed').length + broken;
  if (underCi) failed += notRun + emptyLayers(files);
  // Vitest also fails for what belongs to no test: an unhandled rejection, a worker that died, no test at all.
  if (status !== 0 && failed === 0) failed = 1;
  return { passed, failed, skipped: underCi ? 0 : notRun };
}

/** @param {{ name: string }[]} files */
function emptyLayers(files) {
  if (args.length > 0) return 0;
  const empty = LAYERS.filter((layer) => !files.some(({ name }) => name.includes(`/test/${layer}/`)));
  for (const layer of empty) console.error(`layer ${layer}: no test ran`);
  return empty.length;
}

/** @returns {{ name: string, status: string, assertionResults: { status: string }[] }[]} */
function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    return [];
  }
}
