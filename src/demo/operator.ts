import { join } from 'node:path';
import { execa } from 'execa';
import { Fault } from '../fault.ts';
import { thisProgram } from '../host/command/this-program.ts';
import type { DemoHosts } from './hosts.ts';

/** How a rulesguard command went. */
export interface CommandRun {
  readonly exitCode: number;
  /** Everything it printed, in order. */
  readonly output: string;
  /** Milliseconds from start to end of its process. */
  readonly ms: number;
}

/**
 * The demo's rulesguard sees the demo and nothing else: no settings of the caller's, and the recorded Engine instead of this
 * machine's (a unix socket reaches across network namespaces).
 */
function environment({ workdir, engineSocket }: DemoHosts): Readonly<Record<string, string>> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('RULESGUARD_'),
  );
  return {
    ...Object.fromEntries(inherited),
    DOCKER_HOST: `unix://${engineSocket}`,
    XTABLES_LOCKFILE: join(workdir, 'xtables.lock'),
  };
}

/**
 * Runs the real program on the demo's Docker host, as an operator would.
 *
 * @param words - the verb and its options
 * @param coloured - whether it is to paint; its output goes through us, so it sees no terminal
 */
export async function runRulesguard(
  hosts: DemoHosts,
  words: readonly string[],
  coloured: boolean,
): Promise<CommandRun> {
  const { host, workdir } = hosts;
  const unseen = [
    ...['--state-dir', join(workdir, 'state'), '--run-dir', join(workdir, 'run')],
    coloured ? '--color' : '--no-color',
  ];
  // It must not outlive a demo that is killed: its namespace would stay with it.
  const dying = ['--pdeathsig', 'KILL', 'nsenter', `--net=${host.path}`, '--'];
  const start = performance.now();
  const { all, exitCode } = await execa('setpriv', [...dying, ...thisProgram(), ...words, ...unseen], {
    all: true,
    stdin: 'ignore',
    reject: false,
    timeout: 30_000,
    env: environment(hosts),
    extendEnv: false,
  });
  if (exitCode === undefined)
    throw new Fault('RG_COMMAND', 3, `rulesguard ${words.join(' ')} did not come to an end`, {
      details: [all],
    });
  return { exitCode, output: all, ms: performance.now() - start };
}
