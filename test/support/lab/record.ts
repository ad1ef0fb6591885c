import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import type { Baseline } from '../../../src/reconcile/baseline.ts';
import { digestOf } from '../../../src/digest.ts';
import { createHost } from '../host.ts';
import { account } from './answers.ts';
import { startEngine, type Engine } from './engine.ts';
import type { Era } from './eras.ts';
import { scenariosOf } from './scenarios/scenarios.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');
const BASELINES = path.resolve(import.meta.dirname, '../../../baselines');

const nameOf = (era: Era, scenario: string) => ['engine', era, scenario].filter(Boolean).join('-');

/** A running Engine in the state a scenario describes; the caller stops it. */
async function stage(era: Era, name: string): Promise<Engine> {
  const scenario = scenariosOf(era).get(name);
  if (scenario === undefined) throw new Error(`${era} has no scenario ${name}`);
  const engine = await startEngine({ era, ...scenario.options });
  try {
    await scenario.build(engine);
    return engine;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

/**
 * Builds one scenario on a fresh Engine and writes what its own iptables-save and its API say to test/fixtures.
 * @param name a scenario of the era, empty for the main one
 * @returns the directory written
 */
export async function record(era: Era, name: string): Promise<string> {
  const engine = await stage(era, name);
  try {
    const directory = path.join(FIXTURES, nameOf(era, name));
    mkdirSync(directory, { recursive: true });
    for (const [file, tool] of [
      ['ipv4.save', 'iptables-save'],
      ['ipv6.save', 'ip6tables-save'],
    ] as const) {
      const { stdout } = await engine.execInside(tool, ['-c']);
      writeFileSync(path.join(directory, file), stdout, 'latin1');
    }
    const said = await account(engine, scenariosOf(era).get(name)?.options.daemonArgs ?? []);
    const json = await format(JSON.stringify(said), { parser: 'json', printWidth: 110 });
    writeFileSync(path.join(directory, 'engine.json'), json);
    return directory;
  } finally {
    await engine.stop();
  }
}

/** As `engine`, but its machine has a name of its own: baselines say on which host they were recorded. */
function named(engine: Engine, hostname: string): Engine {
  const rename = ['--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', hostname];
  return {
    ...engine,
    exec: (file, args = [], options) => engine.exec('unshare', [...rename, file, ...args], options),
  };
}

/** The file as it was recorded, without seal and local version of the kernel: those are of whoever built it. */
function withoutLocalKernel(recorded: string): string {
  const {
    $schema,
    digest: _,
    seal: __,
    ...baseline
  } = JSON.parse(recorded) as Baseline & Record<'$schema' | 'digest' | 'seal', string>;
  const plain: Baseline = { ...baseline, kernel: baseline.kernel.replace(/-.*$/, '') };
  return `${JSON.stringify({ $schema, digest: digestOf(JSON.stringify(plain)), ...plain }, undefined, 1)}\n`;
}

/**
 * Builds one scenario on a fresh Engine and lets the built program take a snapshot of it, with the Engine answering and
 * its own suite's iptables.
 * @param name a scenario of the era, empty for the main one
 * @returns the file written, in baselines/
 */
export async function recordBaseline(era: Era, name: string): Promise<string> {
  const engine = await stage(era, name);
  const host = createHost(named(engine, `docker-${era}`));
  try {
    await host.run(['snapshot']);
    const folder = path.join(host.stateDir, 'baselines');
    const [file = ''] = readdirSync(folder).filter((entry) => entry.endsWith('.json'));
    const written = path.join(BASELINES, `${nameOf(era, name)}.json`);
    mkdirSync(BASELINES, { recursive: true });
    writeFileSync(written, withoutLocalKernel(readFileSync(path.join(folder, file), 'utf8')));
    return written;
  } finally {
    host.dispose();
    await engine.stop();
  }
}
