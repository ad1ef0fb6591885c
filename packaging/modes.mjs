// Before packing: makes every file of the package that is not built (packaging/build.mjs does the others) readable by all and
// writable by its owner, whatever the umask of the checkout. npm packs the modes it finds, so the same sources could
// otherwise make different archives.

import { chmod, readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const { files } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));

// npm adds these three unasked.
for (const entry of ['package.json', 'README.md', 'LICENSE', ...files]) {
  if (!entry.startsWith('dist/')) await open(path.join(root, entry));
}

/** @param {string} file */
async function open(file) {
  if ((await stat(file)).isDirectory()) {
    for (const entry of await readdir(file)) await open(path.join(file, entry));
  } else {
    await chmod(file, 0o644);
  }
}
