import { expect } from 'vitest';
import type { WatchEvent } from '../../../src/watch/event.ts';
import { must } from '../lab/run.ts';
import type { Engine } from '../lab/engine.ts';
import type { Resident } from './resident.ts';

/** How often rules are damaged for a command line to be seen. */
const TRIES = 5;

/**
 * Damages rules until their author was seen with his command line. He is named each time; but on a busy machine his command line may
 * be gone before the listener has its turn.
 *
 * @param line - the command that damages them
 * @param program - its name, as the kernel has it
 * @returns what was noted of the repair that followed the last time
 */
export async function namedAndRepaired(
  { execInside }: Engine,
  resident: Resident,
  line: string,
  program: RegExp,
): Promise<WatchEvent> {
  for (let tries = 1; ; tries++) {
    const from = resident.noted().length;
    await must(execInside, 'sh', ['-c', line]);
    const event = await resident.until('repaired', from);
    const [author] = event.by ?? [];
    expect(author).toMatchObject({ name: expect.stringMatching(program) as string });
    const command = author?.command.join(' ') ?? '';
    if (command === '' && tries < TRIES) continue;
    expect(command).toContain(line.split(' ').slice(1).join(' '));
    return event;
  }
}
