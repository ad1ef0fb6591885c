import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Program } from '../hook/call.ts';

/** Folders every shell and unit looks in. */
const COMMON = ['/usr/bin', '/bin', '/usr/local/bin'];

/** The `rulesguard` that PATH leads to, else the one that runs now. Hooks call it by this path. */
export function findProgram(): Program {
  const folders = (process.env['PATH'] ?? '').split(':').filter(isAbsolute);
  const inPath = folders.map((folder) => join(folder, 'rulesguard')).find(isExecutable);
  const node = dirname(process.execPath);
  return {
    path: inPath ?? realpathSync(process.argv[1] ?? ''),
    nodeFolder: COMMON.includes(node) ? '' : node,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether somebody besides root could change what a hook runs as root. */
export function belongsToOthers({ path }: Program): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && (stats.uid !== 0 || (stats.mode & 0o022) !== 0);
}
