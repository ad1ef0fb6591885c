import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RUN_PREFIX, processIdentity } from '../lab/sweep.ts';

const PROJECT = path.resolve(import.meta.dirname, '../../..');
const PARTS = ['bin', 'dist', 'schemas', 'baselines', 'package.json'];

/** A layer to lay over a root: this machine's Node and the built program, where npm installs them globally. */
export interface Program {
  readonly layer: string;
  dispose(): void;
}

/** @throws Error when the program has not been built */
export function createProgram(): Program {
  // Named and owned as a run of the lab: what a killed run leaves is swept away by the next.
  const directory = mkdtempSync(path.join(tmpdir(), RUN_PREFIX));
  writeFileSync(path.join(directory, 'owner'), processIdentity(process.pid) ?? '');
  const layer = path.join(directory, 'layer');
  const local = path.join(layer, 'usr/local');
  const home = path.join(local, 'lib/node_modules/rulesguard');
  mkdirSync(home, { recursive: true });
  mkdirSync(path.join(local, 'bin'));
  cpSync(process.execPath, path.join(local, 'bin/node'));
  for (const part of PARTS)
    cpSync(path.join(PROJECT, part), path.join(home, part), {
      recursive: true,
      filter: (from) => !from.includes('/dist/cache'),
    });
  chmodSync(path.join(home, 'bin/rulesguard.js'), 0o755);
  symlinkSync('../lib/node_modules/rulesguard/bin/rulesguard.js', path.join(local, 'bin/rulesguard'));
  return {
    layer,
    dispose: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
