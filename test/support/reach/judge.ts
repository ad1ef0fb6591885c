import { effectBy, fateOf, pairOf, refutationOf, type Fate, type PrintedCell } from './cells.ts';
import { tableOf, type ReachTown } from './measured-town.ts';
import { TUNNELS } from './states/vpn.ts';

/** A town's packets, by the names of their pairs, and what the program's table says of each. */
export interface Reading {
  readonly cells: readonly PrintedCell[];
  readonly fates: ReadonlyMap<string, Fate>;
}

/** A cell that packets were sent for. */
export interface Judged {
  readonly cell: PrintedCell;
  readonly name: string;
  readonly fate: Fate;
  /** What follows by packets. */
  readonly effect: string;
  /** What packets say otherwise; undefined where they agree, or the table says nothing. */
  readonly refuted: string | undefined;
}

/**
 * Asks the program, and packets.
 *
 * @param before - cells that are measured as well, whether the table still asks them or not
 */
export async function read(
  town: ReachTown,
  before: readonly PrintedCell[] = [],
  isPatient = false,
): Promise<Reading> {
  const cells = await tableOf(town);
  const asked = new Map(
    [...before, ...cells].flatMap((cell) => {
      const pair = pairOf(cell);
      return pair === undefined ? [] : [[pair.name, { cell, pair }] as const];
    }),
  );
  const due = new Set(
    cells
      .filter(({ is }) => is === 'reached' || is === 'docker-proxy')
      .map((cell) => pairOf(cell)?.name ?? ''),
  );
  const pairs = [...asked.values()].map(({ pair }) => pair);
  const answers = await town.measure(pairs, due, isPatient);
  const fates = new Map(
    [...asked].map(([name, { cell }]) => [name, fateOf(cell, answers.get(name) ?? '', town.hosts)] as const),
  );
  return { cells, fates };
}

/** Asks packets alone about cells that were asked before; what was reached once is waited for. */
export async function measureAgain(
  town: ReachTown,
  { cells, fates: were }: Reading,
  isPatient = false,
): Promise<Reading> {
  const asked = cells.flatMap((cell) => {
    const pair = pairOf(cell);
    return pair === undefined ? [] : [{ cell, pair }];
  });
  const due = new Set([...were].flatMap(([name, { is }]) => (is === 'reached' ? [name] : [])));
  const pairs = asked.map(({ pair }) => pair);
  const answers = await town.measure(pairs, due, isPatient);
  const fates = asked.map(
    ({ cell, pair: { name } }) => [name, fateOf(cell, answers.get(name) ?? '', town.hosts)] as const,
  );
  return { cells, fates: new Map(fates) };
}

/** What packets say of every cell that packets can be sent for. */
export const judge = ({ cells, fates }: Reading, { gateways }: ReachTown): readonly Judged[] =>
  cells.flatMap((cell): readonly Judged[] => {
    const name = pairOf(cell)?.name;
    const fate = name === undefined ? undefined : fates.get(name);
    // What leaves by a tunnel nobody in the lab can answer.
    return name === undefined || fate === undefined || TUNNELS.has(cell.as ?? '')
      ? []
      : [{ cell, name, fate, effect: effectBy(cell, fate), refuted: refutationOf(cell, fate, gateways) }];
  });

/** How packets fare otherwise than before: reached that were not, no longer reached, reached under another address. */
export interface Changed {
  readonly opened: number;
  readonly cut: number;
  readonly hidden: number;
}

export function changedSince(before: Reading, after: Reading): Changed {
  const changed = { opened: 0, cut: 0, hidden: 0 };
  for (const [name, was] of before.fates) {
    const is = after.fates.get(name);
    if (is === undefined || (is.is === was.is && is.as === was.as)) continue;
    if (is.is === was.is) changed.hidden++;
    else if (is.is === 'reached') changed.opened++;
    else changed.cut++;
  }
  return changed;
}
