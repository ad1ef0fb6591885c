import { doClash, type Uses } from './native/uses.ts';
import type { Hook, PathEnd } from './path.ts';
import { decide, type Walk } from './walk.ts';

/** One that sees a packet at a moment, with others. */
export interface Turn {
  readonly name: string;
  readonly run: () => PathEnd | undefined;
  readonly uses: Uses;
  /** The table it is of, and when it was made there: of one table's the youngest comes first. */
  readonly of?: { readonly table: object; readonly handle: number };
}

/** Runs a turn and takes everything back. */
export function tryOut<T>(walk: Walk, { run }: Pick<Turn, 'run'>, judge: (end: PathEnd | undefined) => T): T {
  const { packet, settled, changedSets, tracked, way } = walk;
  const [doubts, steps] = [walk.doubts.length, walk.steps.length];
  const found = judge(run());
  Object.assign(walk, { packet, settled, changedSets, tracked, way });
  walk.doubts.length = doubts;
  walk.steps.length = steps;
  return found;
}

/** Whether a turn makes any difference to a packet, as far as that is known. */
function doesAnything(walk: Walk, turn: Turn): boolean {
  const { packet, settled, tracked, changedSets } = walk;
  const doubts = walk.doubts.length;
  return tryOut(
    walk,
    turn,
    (end) =>
      end !== undefined ||
      walk.packet !== packet ||
      walk.settled !== settled ||
      walk.tracked !== tracked ||
      walk.changedSets !== changedSets ||
      walk.doubts.length > doubts,
  );
}

const isBehind = (turn: Turn, other: Turn): boolean =>
  turn.of !== undefined &&
  turn.of.table === other.of?.table &&
  turn.of.handle !== 0 &&
  turn.of.handle < other.of.handle;

/**
 * Runs all that see a packet at one moment. In which order the kernel does, it does not tell: where that matters, and one of them does
 * anything, every order is tried.
 */
export function takeAll(walk: Walk, hook: Hook, turns: readonly Turn[]): PathEnd | undefined {
  let waiting = [...turns];
  while (waiting.length > 0) {
    const turn = nextOf(walk, hook, waiting);
    waiting = waiting.filter((one) => one !== turn);
    const end = turn.run();
    if (end !== undefined) return end;
  }
  return undefined;
}

function nextOf(walk: Walk, hook: Hook, waiting: readonly Turn[]): Turn {
  const [only, ...more] = waiting;
  if (only === undefined) throw new Error('nobody waits');
  if (more.length === 0) return only;
  const clashing = waiting.filter((turn) =>
    waiting.some((other) => other !== turn && doClash(turn.uses, other.uses)),
  );
  const free = waiting.find((turn) => !clashing.includes(turn));
  if (free !== undefined) return free;
  const ready = clashing.filter((turn) => !clashing.some((other) => other !== turn && isBehind(turn, other)));
  const [first = only] = ready;
  if (ready.length < 2 || !clashing.some((turn) => doesAnything(walk, turn))) return first;
  const why = `which of ${ready.map(({ name }) => name).join(' and ')} comes first in ${hook}`;
  return ready.slice(0, -1).find(() => decide(walk, { why, chain: hook }, true)) ?? (ready.at(-1) as Turn);
}
