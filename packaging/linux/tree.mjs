// The files of a package as they lie on a host: the same for .deb and .rpm but for a few folders.

import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  utimesSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { tsImport } from 'tsx/esm/api';
import { EPOCH } from './release.mjs';

const root = path.join(import.meta.dirname, '..', '..');
const load = (/** @type {string} */ file) => tsImport(path.join(root, file), import.meta.url);

/** Where a distribution wants what others keep elsewhere. */
const PLACES = {
  deb: {
    units: 'lib/systemd/system',
    zsh: 'usr/share/zsh/vendor-completions',
    fish: 'usr/share/fish/vendor_completions.d',
  },
  rpm: {
    units: 'usr/lib/systemd/system',
    zsh: 'usr/share/zsh/site-functions',
    fish: 'usr/share/fish/vendor_completions.d',
  },
};

/** Texts that are made of sources: units, completions, the names of hooks. */
export async function madeTexts() {
  const { TARGETS } = await load('src/hooks/targets.ts');
  const { completionScript } = await load('src/commands/completion/scripts.ts');
  const nothing = { read: () => undefined, list: () => [] };
  const making = { program: { path: '/usr/bin/rulesguard', nodeFolder: '' }, vetoFlushAll: false };
  /** A unit of the program's own, as `hook install` would write it. */
  const unitOf = (/** @type {string} */ name) => {
    const target = TARGETS.find((/** @type {{ name: string }} */ one) => one.name === name);
    const [unit] = target.files(nothing, making);
    return `${unit.lines.join('\n')}\n`;
  };
  return {
    units: { 'rulesguard-watch.service': unitOf('systemd'), 'rulesguard-boot.service': unitOf('boot') },
    completions: {
      bash: completionScript('bash'),
      zsh: completionScript('zsh'),
      fish: completionScript('fish'),
    },
    targets: TARGETS.map((/** @type {{ name: string }} */ { name }) => name),
  };
}

/** The program, and texts that were made for the package. */
/** @typedef {{ readonly program: string, readonly nodeLicense: string, readonly manual: ReadonlyMap<string, string>, readonly texts: Awaited<ReturnType<typeof madeTexts>> }} Parts */

/** Without the time of packing, which gzip would note. */
export const gzip = (/** @type {string | Buffer} */ content) => gzipSync(content, { level: 9 });

/**
 * Lays the files out.
 *
 * @param {string} tree an empty folder
 * @param {keyof typeof PLACES} format
 * @param {Parts} parts
 */
export function layOut(tree, format, { program, nodeLicense, manual, texts }) {
  const { units, zsh, fish } = PLACES[format];
  const docs = 'usr/share/doc/rulesguard';
  const write = (/** @type {string} */ name, /** @type {string | Buffer} */ content) => {
    const file = path.join(tree, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const source = (/** @type {string} */ name) => readFileSync(path.join(root, name));

  mkdirSync(path.join(tree, 'usr/bin'), { recursive: true });
  // A link costs nothing, and nobody writes to it.
  linkOrCopy(program, path.join(tree, 'usr/bin/rulesguard'));
  for (const [name, unit] of Object.entries(texts.units)) write(`${units}/${name}`, unit);
  for (const unit of ['rulesguard-snapshot.service', 'rulesguard-snapshot.timer'])
    write(`${units}/${unit}`, source(`packaging/linux/systemd/${unit}`));
  write('usr/share/bash-completion/completions/rulesguard', texts.completions.bash);
  write(`${zsh}/_rulesguard`, texts.completions.zsh);
  write(`${fish}/rulesguard.fish`, texts.completions.fish);
  write('etc/rulesguard/config.json', '{\n  "version": 1\n}\n');
  for (const [name, page] of manual) write(`usr/share/man/${name}.gz`, gzip(page));
  for (const folder of ['schemas', 'baselines'])
    cpSync(path.join(root, folder), path.join(tree, 'usr/share/rulesguard', folder), { recursive: true });
  // The documents' links to these hold there too.
  for (const folder of ['docs', 'packaging/ansible', 'packaging/grafana', 'packaging/prometheus'])
    cpSync(path.join(root, folder), path.join(tree, docs, folder), {
      recursive: true,
      filter: (from) => from === root || !/\/[.]|__pycache__/.test(from.slice(root.length)),
    });
  write(`${docs}/README.md`, source('README.md'));
  write(`${docs}/THIRD-PARTY-LICENSES.txt.gz`, gzip(source('dist/THIRD-PARTY-LICENSES.txt')));
  write(`${docs}/NODE-LICENSE.gz`, gzip(readFileSync(nodeLicense)));
  if (format === 'rpm') write('usr/share/licenses/rulesguard/LICENSE', source('LICENSE'));
}

function linkOrCopy(/** @type {string} */ from, /** @type {string} */ to) {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/**
 * Gives every file the mode and the time that it has in the package, whatever umask and clock it was written under.
 *
 * @param {string} tree
 * @param {ReadonlySet<string>} [programs] paths beneath it
 */
export function settle(tree, programs = new Set(['usr/bin/rulesguard'])) {
  for (const name of ['', ...readdirSync(tree, { recursive: true, encoding: 'utf8' })]) {
    const file = path.join(tree, name);
    chmodSync(file, lstatSync(file).isDirectory() || programs.has(name) ? 0o755 : 0o644);
    utimesSync(file, Number(EPOCH), Number(EPOCH));
  }
}
