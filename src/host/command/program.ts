import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { isPlain, programLines, type Program } from '../../hooks/call.ts';
import { run } from './command.ts';
import { isOneFile } from './this-program.ts';

/** Folders in the PATH of every shell and unit. */
const COMMON = ['/usr/bin', '/bin', '/usr/local/bin'];

/** The `rulesguard` found in PATH, else the running one. Hooks call it by this path. */
export function findProgram(): Program {
  const folders = (process.env['PATH'] ?? '').split(':').filter(isAbsolute);
  const inPath = folders.map((folder) => join(folder, 'rulesguard')).find(isExecutable);
  const node = dirname(process.execPath);
  return {
    path: inPath ?? realpathSync(process.argv[1] ?? ''),
    nodeFolder: isOneFile() || COMMON.includes(node) ? '' : node,
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

/** Whether anybody but root could change what a hook runs as root. */
export function belongsToOthers({ path }: Program): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && (stats.uid !== 0 || (stats.mode & 0o022) !== 0);
}

/** A firewall manager's PATH, at its barest. */
const BARE_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs a program as the shell of a hook does, with the PATH of a bare manager, and asks only for its version.
 *
 * @returns why it cannot run, in words; undefined when it runs
 */
export async function tryProgram(program: Program): Promise<string | undefined> {
  const lines = [...programLines(program), 'exec timeout -k 5 20 "$g" --version'];
  const { exitCode, stderr } = await run(['/bin/sh', '-c', lines.join('\n')], { env: { PATH: BARE_PATH } });
  if (exitCode === 0) return undefined;
  const { path } = program;
  const noOther = 'and PATH leads to no other rulesguard';
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return `${path} is not there, ${noOther}`;
  if (!isExecutable(path)) return `${path} is not executable, ${noOther}`;
  if (!isPlain(path)) return `the path ${path} cannot be used in a shell script, ${noOther}`;
  const [says = ''] = stderr.split('\n');
  return `${path} does not run: ${says === '' ? `exit ${String(exitCode)}` : says}`;
}
