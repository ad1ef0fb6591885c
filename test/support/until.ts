import { setTimeout as sleep } from 'node:timers/promises';

/** Far more than anything here takes on a machine ten times slower than a quiet one: it ends what would wait for ever. */
const LIMIT_SECONDS = 120;

/** Waits until something is so. @throws Error after two minutes */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_SECONDS * 1000;
  while (!(await what())) {
    if (performance.now() > end) throw new Error(`not within ${String(LIMIT_SECONDS)} s: ${what.toString()}`);
    await sleep(50);
  }
}
