import { readFileSync } from 'node:fs';

/** Proportional share of the memory of a process and its children, in kB. */
export function shareOf(pid: number): number {
  return [pid, ...childrenOf(pid)]
    .map((one) => Number(/^Pss:\s+(\d+)/m.exec(unlessEnded(`/proc/${String(one)}/smaps_rollup`))?.[1] ?? 0))
    .reduce((sum, size) => sum + size, 0);
}

/** Pids of a process's children. */
export const childrenOf = (pid: number): readonly number[] =>
  (unlessEnded(`/proc/${String(pid)}/task/${String(pid)}/children`).match(/\d+/g) ?? []).map(Number);

/** The kernel's name of a process. */
export const nameOf = (pid: number): string => unlessEnded(`/proc/${String(pid)}/comm`);

/** A file of a process; empty once that has ended, as a child of watch's may any moment. */
function unlessEnded(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
