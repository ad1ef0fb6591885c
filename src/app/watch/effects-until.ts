import type { NotedEffect } from '../../watch/event.ts';
import type { Author } from '../../watch/seen.ts';
import type { Notes } from './notes.ts';
import type { WatchFastRepair, WatchRepair } from './ports.ts';

/** What is told of a repair once a look has shown what it came to. */
export interface Undertaken {
  readonly before: readonly NotedEffect[];
  readonly by: readonly Author[];
  readonly done: WatchRepair;
  readonly toDetect: number;
  readonly toRepair: number;
}

/** Of rules that were put back before it was known whether a packet fared otherwise, and none did. */
const NOBODY_NEEDED: NotedEffect = {
  id: 'no-packet',
  effect: 'notice',
  cause: 'lost',
  headline: "rules of Docker's are lost that no packet needs now",
  cells: 0,
  repairable: true,
};

/** What packets did until a repair, which was made whether that can be found out or not. @returns at least one */
export async function effectsUntil(
  { effects }: WatchFastRepair,
  notes: Notes,
): Promise<readonly NotedEffect[]> {
  try {
    const found = await effects();
    return found.length > 0 ? found : [NOBODY_NEEDED];
  } catch (error) {
    notes.failed('cannot say what packets did until the repair', error);
    return [NOBODY_NEEDED];
  }
}
