// `npm run demo`, from a clean clone.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { DEMO_TOOLS, prepare } from './prepare.mjs';

prepare(DEMO_TOOLS);
const program = path.join(import.meta.dirname, '..', 'bin', 'rulesguard.js');
const { status } = spawnSync(process.execPath, [program, 'demo', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(status ?? 2);
