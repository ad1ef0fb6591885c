// Bundles src/cli.ts and all it needs into dist/rulesguard.cjs: one file to read at start-up, nothing to install beside it.
// The same sources give the same bytes wherever, whenever and by whomever they are built: test/cli/reproducible.test.ts.

import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { lean } from './lean.mjs';

const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

const result = await build({
  absWorkingDir: root,
  // esbuild writes each module's path into the bundle: node_modules may be a link to another folder.
  preserveSymlinks: true,
  entryPoints: ['src/cli.ts'],
  bundle: true,
  write: false,
  metafile: true,
  // One file whose modules run when first imported: a dynamic import() needs no second file.
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  supported: {
    // bin/rulesguard.js runs the bundle as a plain script, which has require() and no import().
    'dynamic-import': false,
    // esbuild keeps the text of tagged templates unescaped; turned into calls, their texts are strings and escaped.
    'template-literal': false,
  },
  // The bundle is read as latin1, which is quicker than UTF-8, so it must be pure ASCII.
  charset: 'ascii',
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: 'const importMetaUrl = `file://${__filename}`;' },
  logLevel: 'warning',
  plugins: [lean()],
});

// What esbuild leaves unescaped is in comments, where an escape changes nothing.
const code = (result.outputFiles[0]?.text ?? '').replaceAll(
  /[^\0-\x7f]/g,
  (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
);
const body = `(function (exports, require, module, __filename, __dirname) {${code}\n})`;
const digest = createHash('sha256').update(body).digest('hex').slice(0, 32);

await mkdir(dist, { recursive: true });
await chmod(dist, 0o755);
await replace('rulesguard.cjs', `//${digest}\n${body}\n`);
await replace('THIRD-PARTY-LICENSES.txt', await licenses(Object.keys(result.metafile.inputs)));
// Bytecode of earlier bundles; their names hold another digest.
await rm(path.join(dist, 'cache'), { recursive: true, force: true });

/** In one step: a program that starts during the build finds the old bundle or the new one. */
async function replace(/** @type {string} */ name, /** @type {string} */ text) {
  const draft = path.join(dist, `.${name}.${String(process.pid)}`);
  await writeFile(draft, text);
  // Whatever the builder's umask: everybody may run it, only its owner may change it.
  await chmod(draft, 0o644);
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
  const file = (await readdir(dir)).sort().find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : await readFile(path.join(dir, file), 'utf8');
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text.trim()}\n`;
}
