import { Fault } from '../../fault.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { digestOfRules } from './digests.ts';
import type { Observer } from '../ports.ts';

/** Milliseconds. */
const PAUSE = 100;
/** dockerd runs one process a rule, a few milliseconds apart; a container start is over within a second or two. */
const LONGEST = 15_000;

/**
 * Reads the live rules until two reads in a row agree: dockerd writes one rule at a time, and a single read may catch it
 * in the middle of a network.
 *
 * @throws Fault RG_UNSETTLED when they are still changing after 15 s
 */
export async function readSettled(
  observer: Pick<Observer, 'beginReading' | 'readVariant' | 'now' | 'sleep'>,
): Promise<Live> {
  const deadline = observer.now() + LONGEST;
  let previous = await observer.beginReading()();
  for (;;) {
    await observer.sleep(PAUSE);
    const next = await observer.readVariant(previous.variant);
    if (digestOfRules(next.rules) === digestOfRules(previous.rules)) return next;
    if (observer.now() > deadline) {
      throw new Fault(
        'RG_UNSETTLED',
        3,
        `the rules are still changing after ${String(LONGEST / 1000)} s, so there is no whole state to record`,
        {
          hint: 'Wait until containers have stopped starting (docker events), then: rulesguard snapshot',
        },
      );
    }
    previous = next;
  }
}
