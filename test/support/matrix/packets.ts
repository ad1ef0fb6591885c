import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';
import { ORDER } from './city.ts';
import type { Pair } from './pairs.ts';

/**
 * What came of each pair, by its name: who answered and whom it saw (`web saw 192.0.2.2`), `refused`, `mute` (a
 * connection that says nothing), `absent` (the asker does not run), or `silence`.
 */
export type Answers = ReadonlyMap<string, string>;

/** How long to wait for an answer, in seconds. */
export interface Patience {
  /** For one that is not expected. */
  readonly unexpected: number;
  /** For one that is. */
  readonly expected: number;
}

const MEASURING: Patience = { unexpected: 0.8, expected: 0.8 };
const COMPARING: Patience = { unexpected: 0.3, expected: 6 };

export const isReached = (answer: string | undefined): boolean =>
  answer !== undefined && !['refused', 'mute', 'silence', 'absent'].includes(answer);

/** Sends every pair's packets at once; waits for those that `known` says are answered with the second patience. */
export async function ask(
  { execInside }: Engine,
  pairs: readonly Pair[],
  known: Answers,
  { unexpected, expected }: Patience,
): Promise<Answers> {
  const orders = pairs.map(({ from, protocol, address, port, sender, name }, id) => {
    const wanted = isReached(known.get(name)) ? 1 : 0;
    const question = [id, protocol, address, port, wanted, ...(sender === undefined ? [] : [sender])];
    return `${from} ${question.join()}\n`;
  });
  const [file, ...args] = [...ORDER, String(unexpected), String(expected)];
  const told = await must(execInside, file, args, { input: orders.join('') });
  const lines = told.split('\n').map((line) => line.split('\t'));
  const answers = new Map(lines.map(([id, answer = '']) => [pairs[Number(id)]?.name ?? '', answer]));
  if (answers.size !== pairs.length)
    throw new Error(`${String(pairs.length)} pairs asked, ${String(answers.size)} answers`);
  return answers;
}

/** Sends every pair's packets at once, with the same patience for each: nothing is known of what should pass. */
export const measure = (engine: Engine, pairs: readonly Pair[]) => ask(engine, pairs, new Map(), MEASURING);

/** As `measure`, with patience for those that were reached before, and little for the others. */
export const measureAgain = (engine: Engine, pairs: readonly Pair[], known: Answers) =>
  ask(engine, pairs, known, COMPARING);

/** As `measure` where packets are expected to be lost: a look, not a judgement. */
export const glance = (engine: Engine, pairs: readonly Pair[]) =>
  ask(engine, pairs, new Map(), { unexpected: COMPARING.unexpected, expected: COMPARING.unexpected });
