import { readFileSync } from 'node:fs';

/** The time of one case in each round: milliseconds of wall clock, and of processor time, children included. */
export interface Samples {
  readonly wall: readonly number[];
  readonly cpu: number;
}

/** One thing to be timed; returns the milliseconds it took, so that preparing it is not counted. */
export type Case = () => number;

/** Milliseconds of wall clock that `work` takes. */
export function timed(work: () => unknown): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/**
 * Runs every case once in each round, so that whatever else the machine does affects all of them alike. A first round is not
 * counted, so that caches are warm in all others.
 */
export function interleave<Name extends string>(
  cases: Readonly<Record<Name, Case>>,
  rounds: number,
): Readonly<Record<Name, Samples>> {
  const entries = Object.entries<Case>(cases);
  const wall = new Map(entries.map(([name]): [string, number[]] => [name, []]));
  const cpu = new Map<string, number>();
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of entries) {
      const before = processorTime();
      const took = run();
      if (round < 0) continue;
      wall.get(name)?.push(took);
      cpu.set(name, (cpu.get(name) ?? 0) + processorTime() - before);
    }
  }
  const samples = entries.map(([name]): [string, Samples] => [
    name,
    { wall: wall.get(name) ?? [], cpu: (cpu.get(name) ?? 0) / rounds },
  ]);
  return Object.fromEntries(samples) as Record<Name, Samples>;
}

/** The median; of an even number of values the lower middle one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? NaN;
}

export const least = (values: readonly number[]): number => Math.min(...values);

/** Processor time of this process and of its children that have ended, in milliseconds; proc(5) counts in 10 ms. */
function processorTime(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
}
