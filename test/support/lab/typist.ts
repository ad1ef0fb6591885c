import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Host } from '../host.ts';
import type { Engine } from './engine.ts';
import { LAB_ENV } from './run.ts';
import type { Outcome } from '../program.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../../bin/rulesguard.js');

/** Types a command as root on a machine. */
export type Typist = (command: string) => Promise<Outcome>;

/** Somebody who types commands on an Engine's machine, where the built program is installed as `rulesguard`. */
export function typistOf({ exec, suitePath }: Pick<Engine, 'exec' | 'suitePath'>, host: Host): Typist {
  const directory = path.dirname(host.stateDir);
  const bin = path.join(directory, 'bin');
  mkdirSync(bin, { recursive: true });
  const places = `--state-dir '${host.stateDir}' --run-dir '${path.join(directory, 'run')}'`;
  const words = `verb=$1; shift; exec '${process.execPath}' '${PROGRAM}' "$verb" ${places} "$@"`;
  writeFileSync(path.join(bin, 'rulesguard'), `#!/bin/sh\n${words}\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${suitePath}:${LAB_ENV['PATH'] ?? ''}`, NO_COLOR: '1' };
  return (command) => exec('sh', ['-c', command], { env });
}
