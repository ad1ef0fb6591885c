import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Engine } from './lab/engine.ts';
import { LAB_ENV } from './lab/run.ts';
import type { Outcome } from './program.ts';

const PROJECT = path.resolve(import.meta.dirname, '../..');
const PROGRAM = path.join(PROJECT, 'bin', 'rulesguard.js');

/** The built program on the machine of an Engine, with a state of its own. */
export interface Host {
  readonly stateDir: string;
  /**
   * Runs `rulesguard` with `args`. `ok` is the exit code expected (0 when absent).
   * @throws Error with all the program said when it exits with another code
   */
  run(args: readonly string[], ok?: number, input?: string): Promise<Outcome>;
  /** As `run`, for a caller that wants to judge the exit code itself. */
  attempt(args: readonly string[], input?: string): Promise<Outcome>;
  /** Types a line into a shell there, in which `rulesguard` is this program. */
  type(line: string): Promise<Outcome>;
  dispose(): void;
}

/** How an outcome reads in a failed test. */
export function told(args: readonly string[], { code, stdout, stderr }: Outcome): string {
  return `rulesguard ${args.join(' ')}: exit ${String(code)}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`;
}

/**
 * Installs the built program for one Engine: it runs in the Engine's network namespace, meets that Debian's own
 * iptables, and asks the Engine through DOCKER_HOST.
 */
export function createHost(engine: Engine): Host {
  const directory = mkdtempSync(path.join(tmpdir(), 'rulesguard-host-'));
  const stateDir = path.join(directory, 'state');
  const places = ['--state-dir', stateDir, '--run-dir', path.join(directory, 'run')];
  const env = {
    PATH: `${engine.suitePath}:${LAB_ENV['PATH'] ?? ''}`,
    NO_COLOR: '1',
    RULESGUARD_DECLARED_DIR: path.join(directory, 'declared'),
  };

  const attempt: Host['attempt'] = async (args, input) => {
    if (!existsSync(PROGRAM) || !existsSync(path.join(PROJECT, 'dist')))
      throw new Error('nothing to test: run `npm run build` first');
    // A restore beside one who changes everything back takes up to a minute by itself.
    const options = { env, timeout: 180_000, ...(input === undefined ? {} : { input }) };
    // Right behind the verb: what follows `--` is another program's.
    const [verb = '', ...rest] = args;
    return await engine.exec(process.execPath, [PROGRAM, verb, ...places, ...rest], options);
  };
  return {
    stateDir,
    attempt,
    async run(args, ok = 0, input) {
      const outcome = await attempt(args, input);
      if (outcome.code !== ok) throw new Error(`expected exit ${String(ok)}, got ${told(args, outcome)}`);
      return outcome;
    },
    type: (line) => {
      const call = ['"$NODE"', '"$PROGRAM"', '"$verb"', ...places, '"$@"'].join(' ');
      const script = `rulesguard() { verb=$1; shift; ${call}; }\n${line}`;
      const typing = { ...env, NODE: process.execPath, PROGRAM };
      return engine.exec('sh', ['-c', script], { env: typing, input: '' });
    },
    dispose: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
