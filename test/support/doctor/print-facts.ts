/**
 * Gathers the facts of the network namespace it is run in, and prints them as JSON with how long that took: the arguments
 * are the container or network that is wanted, if any, and how often to gather.
 */
import { gatherFacts } from '../../../src/system/doctor/gather.ts';

const plain = (_: string, value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value) : value;

async function print(wanted: string | undefined, times: number): Promise<void> {
  const took: number[] = [];
  for (let i = 1; ; i++) {
    const begun = performance.now();
    const facts = await gatherFacts({
      measure: { source: 'both', stored: undefined },
      wanted: wanted === undefined ? [] : [wanted],
    });
    took.push(performance.now() - begun);
    if (i < times) continue;
    console.log(JSON.stringify({ facts, took }, plain));
    return;
  }
}

const [wanted = '', times = '1'] = process.argv.slice(2);
await print(wanted === '' ? undefined : wanted, Number(times));
