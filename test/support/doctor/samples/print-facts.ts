/**
 * Gathers the facts of the network namespace it is run in, and prints them as JSON with how long that took: the arguments
 * are the container or network to read in depth, if any, and how often to gather.
 */
import { gatherFacts } from '../../../../src/app/diagnose/gather.ts';
import { realDiagnosisHost } from '../../../../src/app/diagnose/real-diagnosis-host.ts';

const plain = (_: string, value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value) : value;

async function print(name: string | undefined, times: number): Promise<void> {
  const took: number[] = [];
  for (let i = 1; ; i++) {
    const begun = performance.now();
    const facts = await gatherFacts(realDiagnosisHost('/nowhere'), {
      reference: { source: 'both', stored: undefined },
      named: name === undefined ? [] : [name],
    });
    took.push(performance.now() - begun);
    if (i < times) continue;
    console.log(JSON.stringify({ facts, took }, plain));
    return;
  }
}

const [name = '', times = '1'] = process.argv.slice(2);
await print(name === '' ? undefined : name, Number(times));
