// Makes the one-file program: Node's own binary with bin/rulesguard.js, the bundle and all that ships with it inside
// (https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html).

import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFolder, run } from './node-binary.mjs';

const root = path.join(import.meta.dirname, '..', '..');

/** Where Node looks for its program, and how it knows that it has one: names that Node's documentation gives. */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** The name by which bin/rulesguard.js finds V8's code cache. */
const CACHE = 'code-cache';

/**
 * The bytecode of the bundle's top level, as V8 keeps it: without it V8 reads all of the bundle's text at every start. It is of
 * one architecture and one Node, so that very Node makes it; where it cannot run here there is none, and the program starts
 * slower. The seed makes V8 order its tables the same way each time.
 *
 * @param {'x64' | 'arm64'} arch
 * @param {string} bundle
 * @param {string} folder to write it to
 * @returns {readonly (readonly [string, string])[]} its name inside and its file; none where there is none
 */
function codeCache(arch, bundle, folder) {
  if (arch !== process.arch) return [];
  const file = path.join(folder, CACHE);
  const script = path.join(import.meta.dirname, 'code-cache.mjs');
  run(path.join(nodeFolder(arch), 'bin', 'node'), ['--random-seed=1', script, bundle, file], folder, CLEAN);
  return [[CACHE, file]];
}

/** What would change how Node behaves. */
const CLEAN = { NODE_OPTIONS: '', NODE_EXTRA_CA_CERTS: '', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Writes the program for an architecture.
 *
 * @param {'x64' | 'arm64'} arch
 * @param {ReadonlyMap<string, string>} carried paths of the files it holds, by the name they have inside
 * @param {string} file
 */
export function writeOneFile(arch, carried, file) {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-blob-'));
  try {
    copyFileSync(path.join(root, 'bin', 'rulesguard.js'), path.join(folder, 'rulesguard.js'));
    const cache = codeCache(arch, carried.get('dist/rulesguard.cjs') ?? '', folder);
    const config = {
      // Its path is kept in the blob: it must be the same wherever it is built.
      main: 'rulesguard.js',
      output: 'blob',
      disableExperimentalSEAWarning: true,
      // That of rulesguard.js alone would be no gain.
      useCodeCache: false,
      // What NODE_OPTIONS would load is not for a program that root runs.
      execArgvExtension: 'none',
      assets: Object.fromEntries([...carried, ...cache]),
    };
    writeFileSync(path.join(folder, 'sea.json'), JSON.stringify(config));
    const node = path.join(nodeFolder('x64'), 'bin', 'node');
    run(node, ['--experimental-sea-config', 'sea.json'], folder, CLEAN);
    copyFileSync(path.join(nodeFolder(arch), 'bin', 'node'), file);
    chmodSync(file, 0o755);
    const postject = fileURLToPath(import.meta.resolve('postject/dist/cli.js'));
    const held = path.join(folder, 'blob');
    run(process.execPath, [postject, file, RESOURCE, held, '--sentinel-fuse', FUSE], root);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
