import { effectBy, type Fate, type PrintedCell } from '../cells.ts';
import type { Judged, Reading } from '../judge.ts';
import { isSameWay, type Promised } from './promises.ts';

/** What a remedy is held against. */
export interface Before {
  /** Every cell as Docker means it. */
  readonly intact: Reading;
  /** The state that the remedy is for. */
  readonly judged: readonly Judged[];
}

/** Every cell that was asked, while all was well and in the state; what should be reached is waited for. */
export function cellsIn({ intact, judged }: Before): Reading {
  const known = new Set(intact.fates.keys());
  const added = judged.filter(({ name }) => !known.has(name)).map(({ cell }) => cell);
  return { cells: [...intact.cells, ...added], fates: intact.fates };
}

/** By the names of their packets: what a remedy promised and did not do, and what it opened. */
export interface Broken {
  readonly unkept: readonly string[];
  readonly opened: readonly string[];
}

/**
 * Holds what packets do after a remedy against what it promised, and against what was closed before: by Docker, as every cell was
 * measured while all was well, or by the operator.
 */
export function brokenBy(
  promised: readonly Promised[],
  { intact, judged }: Before,
  after: Pick<Reading, 'fates'>,
): Broken {
  const cells = new Map(judged.map(({ name, cell }) => [name, cell]));
  const isKept = (name: string): boolean => isAsMeant(cells.get(name), after.fates.get(name));
  const unkept = promised.flatMap(({ names, least }) => {
    const failing = names.filter((name) => !isKept(name));
    return failing.length > names.length - least ? failing : [];
  });
  const asked = promised.flatMap((one) => one.asked);
  // One command: where doctor shows that it is for answers, it is so where check offers it for the same ways, told without them.
  const isForAnswers = promised.some((one) => one.isForAnswers === true);
  const opened = judged.filter(
    ({ name, cell, fate }) =>
      fate.is === 'stopped' &&
      after.fates.get(name)?.is === 'reached' &&
      ((isOperators(cell) && !isForAnswers) || isClosed(cell, intact.fates.get(name))) &&
      !(cell.should !== 'stopped' && asked.some((way) => isSameWay(cell, way))),
  );
  return { unkept: [...new Set(unkept)], opened: opened.map(({ name }) => name) };
}

/** By the names of their packets: what is not as it is meant to be after a remedy, and is not the operator's. */
export const amissAfter = ({ judged }: Before, { fates }: Pick<Reading, 'fates'>): readonly string[] =>
  judged
    .map((one) => ({ ...one, fate: fates.get(one.name) ?? one.fate }))
    .map((one) => ({ ...one, effect: effectBy(one.cell, one.fate) }))
    .filter(
      ({ cell, effect }) => effect !== 'same' && cell.effect !== 'operator' && cell.effect !== 'unknown',
    )
    .map(({ name }) => name);

/**
 * What Docker means to be stopped, and what it promises nothing about and was not reached while all was well; of what nobody could ask for
 * then, only the former.
 */
const isClosed = ({ should }: PrintedCell, was: Fate | undefined): boolean =>
  should === 'stopped' || (should === 'no-promise' && was?.is === 'stopped');

/** What the operator closed. */
const isOperators = ({ effect, differs }: PrintedCell): boolean =>
  effect === 'operator' && differs !== 'exposure';

function isAsMeant(cell: PrintedCell | undefined, fate: Fate | undefined): boolean {
  if (cell === undefined || fate === undefined) return false;
  return cell.should === 'no-promise' ? fate.is === 'reached' : effectBy(cell, fate) === 'same';
}

/** Chains whose rules are the operator's: his own, and those of programs that keep them for him. */
const HIS = /^-A (?:DOCKER-USER|ufw6?-\S+|f2b-\S+|FENCE) /;

/** Rules of the operator's that are in one save and no longer in a later one. */
export function goneFrom(before: string, after: string): readonly string[] {
  const left = new Map<string, number>();
  for (const line of after.split('\n')) left.set(line, (left.get(line) ?? 0) + 1);
  return before.split('\n').filter((line) => {
    if (!HIS.test(line)) return false;
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
