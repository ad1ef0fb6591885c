// `npm run package`: the one-file program, .deb and .rpm for both architectures, checksums and the bill of materials, in
// dist/packages. `--only x64` makes one architecture, `--quick` does not compress, `--bare` makes the one-file program alone,
// `--program FILE` packs another program in its place, for those who look at what is around it, `--release 0.0.9` gives the packages
// another version, for those who try an upgrade. Needs dpkg-deb and rpmbuild.
// The same sources give the same bytes: no clock, path, umask or language of the builder is in any of it.

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeDeb } from './linux/deb.mjs';
import { manualPages } from './linux/manual.mjs';
import { nodeFolder } from './linux/node-binary.mjs';
import { writeOneFile } from './linux/one-file.mjs';
import { RELEASE } from './linux/release.mjs';
import { writeRpm } from './linux/rpm.mjs';
import { billOfMaterials } from './linux/sbom.mjs';
import { madeTexts } from './linux/tree.mjs';

const root = path.join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    bare: { type: 'boolean' },
    program: { type: 'string' },
    release: { type: 'string' },
    to: { type: 'string' },
  },
});
RELEASE.version = values.release ?? RELEASE.version;
const folder = path.resolve(values.to ?? path.join(root, 'dist', 'packages'));
const arches = /** @type {const} */ (['x64', 'arm64']).filter(
  (arch) => values.only === undefined || values.only === arch,
);

process.umask(0o022);
const work = mkdtempSync(path.join(tmpdir(), 'rulesguard-package-'));
try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manual = await manualPages(RELEASE.date);
  const texts = await madeTexts();
  const files = carried(manual);
  for (const arch of arches) {
    const program = path.join(folder, `rulesguard-${RELEASE.version}-linux-${arch}`);
    if (values.program === undefined) writeOneFile(arch, files, program);
    else cpSync(values.program, program);
    if (values.bare === true) continue;
    const parts = { program, nodeLicense: path.join(nodeFolder(arch), 'LICENSE'), manual, texts };
    for (const [name, write] of Object.entries({
      deb: (/** @type {string} */ at) =>
        writeDeb(folder, at, arch, parts, values.quick ? ['-Znone'] : ['-Zxz', '-z6']),
      rpm: (/** @type {string} */ at) =>
        writeRpm(folder, at, arch, parts, values.quick ? 'w.ufdio' : 'w6.xzdio'),
    })) {
      const at = path.join(work, `${name}-${arch}`);
      mkdirSync(at);
      console.error(`made ${path.relative(root, write(at))}`);
    }
  }
  writeFileSync(path.join(folder, `rulesguard-${RELEASE.version}.cdx.json`), billOfMaterials());
  const sums = readdirSync(folder)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(path.join(folder, name)))
          .digest('hex')}  ${name}\n`,
    );
  writeFileSync(path.join(folder, 'SHA256SUMS'), sums.join(''));
} finally {
  rmSync(work, { recursive: true });
}

/**
 * What the one file holds, by the names that carriedText (src/host/command/this-program.ts) reads it by.
 *
 * @param {ReadonlyMap<string, string>} manual
 */
function carried(manual) {
  /** @type {Map<string, string>} */
  const files = new Map();
  for (const name of ['dist/rulesguard.cjs', 'dist/THIRD-PARTY-LICENSES.txt', 'LICENSE'])
    files.set(name, path.join(root, name));
  for (const part of ['baselines', 'schemas'])
    for (const name of readdirSync(path.join(root, part)).sort())
      files.set(`${part}/${name}`, path.join(root, part, name));
  for (const [name, page] of manual) {
    const file = path.join(work, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, page);
    files.set(`man/${path.basename(name)}`, file);
  }
  return files;
}
