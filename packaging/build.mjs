// Bundles src/cli.ts and all it needs into dist/rulesguard.cjs: one file to read at start-up, nothing to install beside it.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { lean } from './lean.mjs';

const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

const result = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli.ts'],
  bundle: true,
  write: false,
  metafile: true,
  // One file whose modules run when first imported: a dynamic import() costs no second file.
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // bin/rulesguard.js runs the bundle as a plain script, which has require() and no import().
  supported: { 'dynamic-import': false },
  // Read as latin1 at start-up, which is quicker than UTF-8; everything else is escaped.
  charset: 'ascii',
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: 'const importMetaUrl = `file://${__filename}`;' },
  logLevel: 'warning',
  plugins: [lean()],
});

const code = result.outputFiles[0]?.text ?? '';
const body = `(function (exports, require, module, __filename, __dirname) {${code}\n})`;
const digest = createHash('sha256').update(body).digest('hex').slice(0, 32);

await mkdir(dist, { recursive: true });
await replace('rulesguard.cjs', `//${digest}\n${body}\n`);
await replace('THIRD-PARTY-LICENSES.txt', await licenses(Object.keys(result.metafile.inputs)));
// Bytecode of earlier bundles; their names hold another digest.
await rm(path.join(dist, 'cache'), { recursive: true, force: true });

/** In one step: a program that starts while this one builds finds the old bundle or the new one. */
async function replace(/** @type {string} */ name, /** @type {string} */ text) {
  const draft = path.join(dist, `.${name}.${String(process.pid)}`);
  await writeFile(draft, text);
  await rename(draft, path.join(dist, name));
}

/** The licences of the packages that went into the bundle ask to travel with it. */
async function licenses(/** @type {string[]} */ inputs) {
  const folders = new Set(
    inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []),
  );
  const notices = await Promise.all([...folders].sort().map(notice));
  return `dist/rulesguard.cjs contains the packages below.\n\n${notices.join('\n')}`;
}

async function notice(/** @type {string} */ folder) {
  const dir = path.join(root, folder);
  const { name, version, license } = JSON.parse(await readFile(path.join(dir, 'package.json'), 'utf8'));
  const file = (await readdir(dir)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : await readFile(path.join(dir, file), 'utf8');
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text.trim()}\n`;
}
