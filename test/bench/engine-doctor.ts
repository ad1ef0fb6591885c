import type { Era } from '../support/lab/eras.ts';
import { container, network } from '../support/lab/build.ts';
import { startEngine, type Engine } from '../support/lab/engine.ts';
import { must } from '../support/lab/run.ts';
import { gatherFacts } from '../../src/system/doctor/gather.ts';
import { interleave, least, median } from './clock.ts';
import { Installed, must as mustRun } from './program.ts';
import { selfAs, selfEnv } from './self.ts';
import { tableOf } from './tell.ts';

const NETWORKS = 20;
const EACH = 5;
/** Of the containers of each network, how many publish a port. */
const SERVING = 3;
const FIRST_PORT = 20_000;
const ROUNDS = 10;
const LONGEST = 900_000;

/** What one gathering costs beside its floor, in milliseconds. */
interface Gathered {
  readonly rules: number;
  readonly floor: readonly number[];
  readonly first: number;
  readonly again: readonly number[];
}

/** The facts of a diagnosis among 100 containers on 20 networks: the first gathering of a process, and later ones. */
export async function doctorTable(era: Era): Promise<string> {
  const engine = await startEngine({ era });
  try {
    for (let i = 0; i < NETWORKS; i++) await populate(engine, i);
    const [node, ...words] = selfAs('gather', ROUNDS);
    const told = await must(engine.exec, node, words, { timeout: LONGEST, env: selfEnv() });
    const { rules, floor, first, again } = JSON.parse(told) as Gathered;
    const cells = [least(floor), median(floor), first, least(again), median(again)];
    return tableOf(
      ['containers', 'rules', 'floor, best ms', 'median ms', 'first ms', 'later, best ms', 'median ms'],
      [[NETWORKS * EACH, rules, ...cells].map((cell) => cell.toFixed(0))],
    );
  } finally {
    await engine.stop();
  }
}

async function populate(engine: Engine, index: number): Promise<void> {
  const name = `net${String(index)}`;
  await network(engine, name, ['--subnet', `10.200.${String(index)}.0/24`]);
  await Promise.all(
    Array.from({ length: EACH }, (_, i) => {
      const port = String(FIRST_PORT + index * EACH + i);
      const published = i < SERVING ? ['-p', `${port}:80`] : [];
      return container(engine, `${name}-${String(i)}`, ['--network', name, ...published], ['80/tcp']);
    }),
  );
}

/** What `ip` is asked for by a gathering. */
const ASKED = [
  ['-details', '-json', 'address', 'show'],
  ['-4', '-json', 'route', 'show', 'table', 'all'],
  ['-6', '-json', 'route', 'show', 'table', 'all'],
] as const;

/**
 * Gathers in the network namespace of the Engine that DOCKER_HOST names. The floor is an empty Node process that asks the
 * Engine, the two saves and three `ip`, one after the other, their output thrown away.
 */
export async function gatherHere(rounds: number): Promise<Gathered> {
  const again: number[] = [];
  let rules = 0;
  for (let round = -1; round < rounds; round++) {
    const begun = performance.now();
    const { drift } = await gatherFacts({
      measure: { source: 'both', stored: undefined },
      wanted: [],
    });
    again.push(performance.now() - begun);
    if ('rules' in drift) rules = drift.rules;
  }
  const installed = new Installed('bare');
  try {
    const commands = (): number => {
      const begun = performance.now();
      for (const args of ASKED) mustRun('ip', args);
      return performance.now() - begun;
    };
    const { floor } = interleave({ floor: () => installed.ask() + installed.saves() + commands() }, rounds);
    const [first = NaN, ...later] = again;
    return { rules, floor: floor.wall, first, again: later };
  } finally {
    installed.dispose();
  }
}
