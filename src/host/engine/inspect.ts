import { hasEnded } from '../../docker/inventory/container-answer.ts';
import { isRecord, type Json } from '../../docker/inventory/inventory.ts';
import { getJson } from './http.ts';

/** How many are asked at once. A healthy Engine answers in a millisecond or two, several in parallel. */
const AT_ONCE = 16;

/** What inspections add to the list. */
export interface Inspections {
  /** As `GET /containers/ID/json` answered; without those that did not answer in time, or not well. */
  readonly inspects: readonly Json[];
  /** Ids of those that have stopped or were removed since they were listed. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Inspects containers, 16 at once. dockerd answers for a container only when it has finished starting or stopping it: a
 * container without an answer at the deadline is left out, and its ports are unknown.
 *
 * @param ids - of containers that were listed as running
 * @param patience - for all of them, in milliseconds
 */
export async function inspectAll(
  socket: string,
  ids: readonly string[],
  patience: number,
): Promise<Inspections> {
  const deadline = performance.now() + patience;
  const inspects: Json[] = [];
  const gone = new Set<string>();
  const waiting = ids.values();
  const worker = async (): Promise<void> => {
    for (const id of waiting) {
      const left = deadline - performance.now();
      if (left <= 0) return;
      const path = `/containers/${encodeURIComponent(id)}/json`;
      const answer = await getJson({ socket, path, patience: left, mayBeGone: true }).catch(() => undefined);
      if (answer === null || hasEnded(answer)) gone.add(id);
      else if (isRecord(answer) && answer['Id'] === id) inspects.push(answer);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, worker));
  return { inspects, gone };
}
