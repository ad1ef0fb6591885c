import { getPriority, setPriority } from 'node:os';

/** The highest priority there is beside real time. */
const HIGHEST = -20;

/** Puts a process ahead of others, where that is allowed. */
export function putAhead(pid: number): void {
  try {
    setPriority(pid, HIGHEST);
  } catch {
    // Not root, or in a unit that may not: it takes its turn.
  }
}

/** Does something ahead of other processes; what is started meanwhile is ahead of them too. Where that is not allowed it takes its turn. */
export async function ahead<T>(work: () => Promise<T>): Promise<T> {
  const before = getPriority();
  putAhead(0);
  try {
    return await work();
  } finally {
    setPriority(before);
  }
}
