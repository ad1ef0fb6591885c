import { getPriority, setPriority } from 'node:os';

/** The highest priority there is beside real time. */
const HIGHEST = -20;

/** Puts a process ahead of others, where that is allowed. */
export const putAhead = (pid: number): void => {
  put(pid, HIGHEST);
};

/** Does something ahead of other processes; what is started meanwhile is ahead of them too. Where that is not allowed it takes its turn. */
export async function ahead<T>(work: () => Promise<T>): Promise<T> {
  const before = getPriority();
  putAhead(0);
  try {
    return await work();
  } finally {
    put(0, before);
  }
}

function put(pid: number, priority: number): void {
  try {
    setPriority(pid, priority);
  } catch {
    // Not root, or in a unit that may not; what was done is done all the same.
  }
}
