import type { Era } from '../support/lab/eras.ts';
import { startEngine, type Engine } from '../support/lab/engine.ts';
import { network, publish } from '../support/lab/build.ts';
import { must } from '../support/lab/run.ts';
import type { Measured, Rounds } from './engine-measure.ts';
import { selfAs, selfEnv } from './self.ts';
import { BESIDE_FLOOR, tableOf } from './tables.ts';

export const BENCH_ERAS: readonly Era[] = ['20.10', '28.5'];

/** Published ports, and how often each is measured. */
const SIZES: readonly (readonly [ports: number, rounds: Rounds])[] = [
  [1, [30, 15]],
  [100, [30, 15]],
  [500, [20, 10]],
];
const CONTAINERS = 5;
const FIRST_PORT = 20_000;
const LONGEST = 900_000;

/** `check` and `restore` with the Engine's inventory, at growing numbers of published ports: two tables. */
export async function engineTables(era: Era): Promise<string> {
  const check: string[][] = [];
  const restore: string[][] = [];
  for (const [ports, rounds] of SIZES) {
    const engine = await startEngine({ era });
    try {
      const rules = await populate(engine, ports);
      const measured = await measureIn(engine, rounds);
      const row = (cells: readonly string[]): string[] => [String(ports), rules, ...cells];
      check.push(...measured.check.map(row));
      restore.push(...measured.restore.map(row));
    } finally {
      await engine.stop();
    }
  }
  return [
    tableOf(['ports', 'rules', '`check`, source', ...BESIDE_FLOOR], check),
    tableOf(['ports', 'rules', '`restore` after', ...BESIDE_FLOOR], restore),
  ].join('\n\n');
}

/** One port on one container; more as ranges on five, on a network of their own. Returns how many rules that makes. */
async function populate(engine: Engine, ports: number): Promise<string> {
  await network(engine, 'app');
  const containers = Math.min(CONTAINERS, ports);
  const each = ports / containers;
  for (let i = 0; i < containers; i++) {
    const first = FIRST_PORT + i * each;
    const range = each === 1 ? String(first) : `${String(first)}-${String(first + each - 1)}`;
    await publish(engine, `web${String(i)}`, 'app', [`${range}:${range}`]);
  }
  const lines = await must(engine.execInside, 'sh', ['-c', 'iptables-save; ip6tables-save']);
  return String(lines.split('\n').filter((line) => line.startsWith('-A')).length);
}

/** Measures in a process that is in the Engine's network namespace from the start. */
async function measureIn(engine: Engine, rounds: Rounds): Promise<Measured> {
  const [node, ...words] = selfAs('measure', rounds);
  const printed = await must(engine.exec, node, words, {
    timeout: LONGEST,
    env: { ...selfEnv(), RULESGUARD_BENCH_SUITE: engine.suitePath },
  });
  return JSON.parse(printed) as Measured;
}
