// Run by the Node that the one-file program holds: node code-cache.mjs BUNDLE FILE. Writes V8's code cache of the bundle.

import { readFileSync, writeFileSync } from 'node:fs';
import vm from 'node:vm';

const [bundle = '', file = ''] = process.argv.slice(2);
const script = new vm.Script(readFileSync(bundle, 'latin1'), { filename: 'rulesguard.cjs' });
writeFileSync(file, script.createCachedData());
