// Makes the one-file program: Node's own binary with bin/rulesguard.js, the bundle and all that ships with it inside
// (https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html).

import { copyFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFolder, run } from './node-binary.mjs';

const root = path.join(import.meta.dirname, '..', '..');

/** Where Node looks for its program, and how it knows that it has one: names that Node's documentation gives. */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * The part that is the same for every architecture: what is carried, as Node wants it.
 *
 * @param {ReadonlyMap<string, string>} carried paths of files by the name they have inside
 * @returns {Buffer}
 */
export function programBlob(carried) {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-blob-'));
  try {
    copyFileSync(path.join(root, 'bin', 'rulesguard.js'), path.join(folder, 'rulesguard.js'));
    const config = {
      // Its path is kept in the blob: it must be the same wherever it is built.
      main: 'rulesguard.js',
      output: 'blob',
      disableExperimentalSEAWarning: true,
      // Bytecode is of one architecture.
      useCodeCache: false,
      // What NODE_OPTIONS would load is not for a program that root runs.
      execArgvExtension: 'none',
      assets: Object.fromEntries(carried),
    };
    writeFileSync(path.join(folder, 'sea.json'), JSON.stringify(config));
    const node = path.join(nodeFolder('x64'), 'bin', 'node');
    run(node, ['--experimental-sea-config', 'sea.json'], folder, { NODE_OPTIONS: '' });
    return readFileSync(path.join(folder, 'blob'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Writes the program for an architecture.
 *
 * @param {'x64' | 'arm64'} arch
 * @param {Buffer} blob
 * @param {string} file
 */
export function writeOneFile(arch, blob, file) {
  const held = `${file}.blob`;
  writeFileSync(held, blob);
  copyFileSync(path.join(nodeFolder(arch), 'bin', 'node'), file);
  chmodSync(file, 0o755);
  const postject = fileURLToPath(import.meta.resolve('postject/dist/cli.js'));
  run(process.execPath, [postject, file, RESOURCE, held, '--sentinel-fuse', FUSE], root);
  rmSync(held);
}
