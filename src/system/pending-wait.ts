import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import {
  confirmPending,
  pendingPath,
  readPending,
  secondsLeft,
  type Pending,
  type PendingOptions,
} from './pending.ts';
import { putBack } from './pending-put-back.ts';

const GLANCE = 200;
/** Seconds after the deadline in which the timer must have begun; then it is gone, and we do what it was for. */
const GRACE = 10;

/**
 * Waits until a change is confirmed, here or on another terminal, or put back. On a terminal the word `y` confirms it.
 * Putting back is the timer's work; only if that is dead is it done here.
 */
export async function awaitConfirmation(
  { id }: Pending,
  options: PendingOptions,
): Promise<'confirmed' | 'put-back' | 'failed'> {
  const typed = process.stdin.isTTY ? createInterface({ input: process.stdin }) : undefined;
  let refused: Promise<unknown> = Promise.resolve();
  typed?.on('line', (line) => {
    // Too late or already done: the file tells, and is looked at anyway.
    if (/^y(?:es)?$/i.test(line.trim())) refused = confirmPending(options).catch(unlessPending);
  });
  try {
    return await watch(id, options);
  } finally {
    typed?.close();
    await refused;
  }
}

function unlessPending(error: unknown): void {
  if (!(error instanceof Fault) || error.code !== 'RG_PENDING') throw error;
}

async function watch(id: string, options: PendingOptions): Promise<'confirmed' | 'put-back' | 'failed'> {
  let seen: number | undefined;
  let pending: Pending | undefined;
  for (;;) {
    const inode = (await stat(pendingPath(options.stateDir, id)).catch(() => undefined))?.ino;
    if (inode === undefined) return 'confirmed';
    if (inode !== seen) pending = await readPending(options.stateDir, id);
    seen = inode;
    if (pending === undefined) return 'confirmed';
    if (pending.change.outcome !== 'waiting') return pending.change.outcome;
    if (secondsLeft(pending) < -GRACE) await putBack(id, options);
    await sleep(GLANCE);
  }
}
