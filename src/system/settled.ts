import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import { readBackend, readLive, type Live } from './kernel.ts';
import { digestOfRules } from './digest.ts';

const PAUSE = 100;
/** dockerd runs one process a rule, a few milliseconds apart; a container start is over within a second or two. */
const LONGEST = 15_000;

/**
 * Reads the live rules until two reads in a row agree: dockerd writes one rule at a time, and a single read may catch it
 * in the middle of a network.
 *
 * @throws Fault RG_UNSETTLED when they are still changing after 15 s
 */
export async function readSettled(): Promise<Live> {
  const deadline = Date.now() + LONGEST;
  let previous = await readLive();
  for (;;) {
    await sleep(PAUSE);
    const next = await readBackend(previous.backend);
    if (digestOfRules(next.rules) === digestOfRules(previous.rules)) return next;
    if (Date.now() > deadline) {
      throw new Fault(
        'RG_UNSETTLED',
        3,
        `the rules are still changing after ${String(LONGEST / 1000)} s, so no state of them is whole`,
        {
          hint: 'Wait until containers have stopped starting (docker events), then: rulesguard snapshot',
        },
      );
    }
    previous = next;
  }
}
