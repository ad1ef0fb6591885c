import type { Rule } from '../../firewall/iptables/text/model.ts';
import { isDockersListed } from '../../firewall/nftables/ownership/ownership.ts';
import { isLoopback } from '../../net/address.ts';
import type { Cell, Effect } from '../cell.ts';
import { cellKey } from '../cell-key.ts';

/** What becomes of one way. */
export interface CellChange {
  /** As it is afterwards, or as it was where it is gone; `effect` says what the change does to it. */
  readonly cell: Cell;
  /** It no longer exists: an address or an interface is gone. */
  readonly isGone: boolean;
}

/** What a change does to who reaches what. */
export interface ReachChange {
  /** Ways that get worse: `outage` is cut, `exposure` opened, `degraded` reached through docker-proxy alone. */
  readonly worse: readonly CellChange[];
  /** Ways of which it cannot be told any more what becomes of them. */
  readonly unknown: readonly CellChange[];
  /** Ways that nobody could tell before, and nobody can afterwards. */
  readonly stillUnknown: readonly Cell[];
  readonly better: readonly CellChange[];
  /** Ways that change for the addresses alone that the change names, as a ban does. */
  readonly single: readonly CellChange[];
  /** Ways that change and of which Docker promises nothing. */
  readonly unpromised: readonly CellChange[];
  /** Ports that rules of the change name and that nobody asked, for there are too many. */
  readonly unasked: number;
}

/** Two tables of one host, asked by the same askers. */
export interface TablePair {
  readonly before: readonly Cell[];
  readonly after: readonly Cell[];
}

/** What comparing two tables takes beside them. */
export interface TableContext {
  /** Whether a rule is Docker's own: what any other closes was closed on purpose. */
  readonly isDockers: (rule: Rule) => boolean;
  /**
   * Both tables once more, as they are for somebody else outside in the same place; asked only where somebody outside is concerned. By
   * them a ban of one address is told from a door that closes.
   */
  readonly others: () => TablePair;
}

/**
 * Compares who reaches what before a change with who does after it.
 *
 * Worse is: what Docker promises comes from as it should be to lost, open, hidden behind docker-proxy; what somebody had closed on
 * purpose opens; what was closed to outside, though nobody promised that, opens to outside.
 */
export function compareTables(
  { before, after }: TablePair,
  context: TableContext,
): Omit<ReachChange, 'unasked'> {
  const was = new Map(before.map((cell) => [cellKey(cell), cell]));
  const is = new Map(after.map((cell) => [cellKey(cell), cell]));
  const isPublic = publishedToAll([...before, ...after]);
  const turns = [
    ...before.flatMap((cell) => turnOf(cell, is.get(cellKey(cell)), context.isDockers, isPublic)),
    ...after.flatMap((cell) => (was.has(cellKey(cell)) ? [] : appeared(cell))),
  ];
  const of = (turn: WayTurn['turn']): readonly CellChange[] =>
    turns.flatMap((one) => (one.turn === turn ? [one.change] : []));
  const single = singleAmong(turns, context);
  return {
    worse: of('worse').filter((change) => !single.has(change)),
    unknown: of('unknown'),
    stillUnknown: after.filter(
      (cell) => cell.is.is === 'unknown' && was.get(cellKey(cell))?.is.is === 'unknown',
    ),
    better: of('better'),
    single: [...single],
    unpromised: of('unpromised'),
  };
}

/** Whether a way is worse than it was, better, not to be told, or of no promise. */
interface WayTurn {
  readonly turn: 'worse' | 'better' | 'unknown' | 'unpromised';
  readonly change: CellChange;
}

const turn = (as: WayTurn['turn'], cell: Cell, effect: Effect, isGone = false): readonly WayTurn[] => [
  { turn: as, change: { cell: { ...cell, effect }, isGone } },
];

function turnOf(
  was: Cell,
  is: Cell | undefined,
  isDockers: TableContext['isDockers'],
  isPublic: (cell: Cell) => boolean,
): readonly WayTurn[] {
  const wasOpen = isOpen(was);
  if (is === undefined) return wasOpen && was.should !== 'stopped' ? gone(was) : [];
  if (is.is.is === 'unknown') return was.is.is === 'unknown' ? [] : turn('unknown', is, 'unknown');
  const opens = was.is.is === 'stopped' && isOpen(is);
  const isNowhereMeant = is.should === 'no-promise' && is.asker.by === 'outside' && !isPublic(is);
  if (opens && (isNowhereMeant || isClosedOnPurpose(was, isDockers))) return turn('worse', is, 'exposure');
  if (is.should === 'no-promise')
    return was.is.is === is.is.is ? [] : turn('unpromised', is, isOpen(is) ? 'exposure' : 'outage');
  if (RANK[is.effect] > RANK[was.effect] || (was.effect === 'unknown' && is.effect !== 'same'))
    return turn('worse', is, is.effect);
  return RANK[is.effect] < RANK[was.effect] ? turn('better', is, 'same') : [];
}

/** How bad an effect is, beside others of what is promised. */
const RANK: Readonly<Record<Effect, number>> = {
  ...{ same: 0, operator: 0, degraded: 1, outage: 2, exposure: 2, unknown: 3 },
};

const gone = (was: Cell): readonly WayTurn[] =>
  turn(was.should === 'no-promise' ? 'unpromised' : 'worse', was, 'outage', true);

/** A way that was not there: by a new address or interface. */
function appeared(cell: Cell): readonly WayTurn[] {
  if (cell.is.is === 'unknown') return turn('unknown', cell, 'unknown');
  if (cell.effect === 'exposure') return turn('worse', cell, 'exposure');
  const isOpenedOutside = cell.should === 'no-promise' && cell.asker.by === 'outside' && isOpen(cell);
  return isOpenedOutside ? turn('unpromised', cell, 'exposure') : [];
}

/** Whether what is asked is a port at the loopback address that is published for everybody as well: that it opens there opens nothing. */
function publishedToAll(cells: readonly Cell[]): (cell: Cell) => boolean {
  const keyOf = ({ asked, proto }: Cell): string =>
    asked.what === 'published' ? `${asked.spot.address} ${String(asked.port)} ${proto}` : '';
  const all = new Set(
    cells.filter(({ asked }) => asked.what === 'published' && !isLoopback(asked.at)).map(keyOf),
  );
  return (cell) => cell.asked.what === 'published' && isLoopback(cell.asked.at) && all.has(keyOf(cell));
}

const isOpen = ({ is }: Cell): boolean => is.is === 'reached' || is.is === 'proxied';

/** Whether a rule of somebody's, and not what Docker lacks, had stopped a way. */
function isClosedOnPurpose({ is }: Cell, isDockers: TableContext['isDockers']): boolean {
  if (is.is !== 'stopped' || is.end.at !== 'stopped') return false;
  const { rule, native, table, chain } = is.end;
  return native === undefined
    ? rule !== undefined && !isDockers(rule)
    : !isDockersListed(table, chain, rule?.text ?? '');
}

/**
 * Of what gets worse: ways that change for one address outside alone, while others in its place keep theirs, or had them already.
 */
function singleAmong(turns: readonly WayTurn[], { others }: TableContext): ReadonlySet<CellChange> {
  const concerned = turns.flatMap(({ turn: as, change }) =>
    as === 'worse' && !change.isGone && isOfOutside(change.cell) ? [change] : [],
  );
  if (concerned.length === 0) return new Set();
  const { before, after } = others();
  const theirs = { before: openKeys(before), after: openKeys(after) };
  // A ban leaves all others their way; lifting it gives one address what all others have.
  return new Set(
    concerned.filter(({ cell }) =>
      (cell.effect === 'exposure' ? theirs.before : theirs.after).has(cellKey(cell)),
    ),
  );
}

const isOfOutside = ({ asker, asked }: Cell): boolean => asker.by === 'outside' || asked.what === 'outside';

const openKeys = (cells: readonly Cell[]): ReadonlySet<string> =>
  new Set(cells.flatMap((cell) => (isOpen(cell) && cell.effect !== 'degraded' ? [cellKey(cell)] : [])));
