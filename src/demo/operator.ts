import { join } from 'node:path';
import { execa } from 'execa';
import { Fault } from '../fault.ts';
import { THIS_PROGRAM } from './machine.ts';
import type { World } from './world.ts';

/** How a rulesguard command went. */
export interface Went {
  readonly exitCode: number;
  /** Everything it printed, in order. */
  readonly output: string;
  /** Milliseconds from start to end of its process. */
  readonly ms: number;
}

/**
 * The demo's rulesguard shall see the play and nothing else: no settings of the caller's, no Engine of this machine
 * (a unix socket reaches across network namespaces).
 */
function environment(workdir: string): Readonly<Record<string, string>> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('RULESGUARD_'),
  );
  return {
    ...Object.fromEntries(inherited),
    DOCKER_HOST: `unix://${join(workdir, 'no-engine.sock')}`,
    XTABLES_LOCKFILE: join(workdir, 'xtables.lock'),
  };
}

/**
 * Runs the real program on the play's Docker host, as an operator would.
 *
 * @param words - the verb and its options
 * @param coloured - whether it is to paint; its output goes through us, so it sees no terminal
 */
export async function runRulesguard(
  { host, workdir }: World,
  words: readonly string[],
  coloured: boolean,
): Promise<Went> {
  const unseen = [
    ...['--state-dir', join(workdir, 'state'), '--run-dir', join(workdir, 'run')],
    coloured ? '--color' : '--no-color',
  ];
  // It must not outlive a demo that is killed: its namespace would stay with it.
  const dying = ['--pdeathsig', 'KILL', 'nsenter', `--net=${host.path}`, '--'];
  const start = performance.now();
  const { all, exitCode } = await execa('setpriv', [...dying, ...THIS_PROGRAM, ...words, ...unseen], {
    all: true,
    stdin: 'ignore',
    reject: false,
    timeout: 30_000,
    env: environment(workdir),
    extendEnv: false,
  });
  if (exitCode === undefined)
    throw new Fault('RG_COMMAND', 3, `rulesguard ${words.join(' ')} did not come to an end`, {
      details: [all],
    });
  return { exitCode, output: all, ms: performance.now() - start };
}
