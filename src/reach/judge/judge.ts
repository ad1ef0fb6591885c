import { FAMILIES } from '../../net/family.ts';
import type { NetworkState, VariantRules } from '../../trace/network-state.ts';
import { allAsking } from '../askers.ts';
import type { Cause, Whose } from './cause.ts';
import type { Cell, Effect } from '../cell.ts';
import type { Decider } from './decider.ts';
import type { Question, QuestionGroup } from '../questions.ts';
import { openTables, type AnsweredCell, type FamilyTable } from '../table.ts';
import type { Terrain } from '../terrain.ts';
import { unaskedOf, type UnaskedWays } from '../unasked.ts';

/** A cell, and why it is not as Docker and the operator mean it. */
export interface JudgedCell extends Cell {
  /** `operator` where {@link Cause} `operator` decides a cell that is known: neither outage nor exposure. */
  readonly effect: Effect;
  /** What the difference is for packets, whoever decides it; `same` where there is none. */
  readonly differs: Exclude<Effect, 'operator'>;
  /** Absent where nothing differs. An unknown cell of the operator's own making has cause `operator`. */
  readonly cause?: Cause;
  /**
   * What decides: of a cell lost, what stops or lets through its packets now; of one that only the operator's filter should close
   * and that is open since Docker's rules are lost, the rule that no longer applies.
   */
  readonly decider?: Decider;
}

/** Whether a cell is a finding: it differs or cannot be told, and not because the operator decides it. */
export const isOpen = ({ effect, cause }: Pick<JudgedCell, 'effect' | 'cause'>): boolean =>
  effect !== 'same' && effect !== 'operator' && cause !== 'operator';

/** The table of reachability, judged. */
export interface JudgedTable {
  /** Cells that are not as meant, cells that the operator decides, and unknown ones; with `all` every cell. */
  readonly cells: readonly JudgedCell[];
  /** How many cells have each effect, those that are as meant included. */
  readonly counts: Readonly<Record<Effect, number>>;
  /** How many cells Docker means something about. */
  readonly promised: number;
  /** What no cell asks about. */
  readonly unasked: readonly UnaskedWays[];
}

type Natives = NonNullable<NetworkState['natives']>;

/** What the judgement takes beside the terrain; `judgingBasis` of `reconcile/judging.ts` makes it of an observation. */
export interface JudgingBasis {
  /**
   * The variant that Docker uses, with its rules as a restore would leave them (`repairedRules` of `reconcile/judging.ts`);
   * undefined where a restore has nothing to do. A cell that they make as it should be is `lost`.
   */
  readonly repaired: VariantRules | undefined;
  /** See `whoseBy`. */
  /**
   * What becomes of nftables' own tables by a restore, where Docker's firewall backend is nftables and a restore has something to do;
   * absent otherwise. What they make as it should be is `lost` as well.
   */
  readonly repairedNatives?: ((natives: Natives) => Natives) | undefined;
  readonly whose: Whose;
  /** Whether `cells` is to hold every cell. */
  readonly all?: boolean;
}

/**
 * Makes the table of reachability and says of each cell that differs why: because rules of Docker's are lost, because of the operator,
 * because of somebody else's rule, or because of the host itself.
 *
 * A port that the operator closed and that is open because Docker's rules (such as the jump to DOCKER-USER) are lost is an
 * exposure; what he opened and is closed therefore is an outage.
 */
export function judgedTable(terrain: Terrain, basis: JudgingBasis): JudgedTable {
  const { whose, all = false } = basis;
  const counts = { same: 0, outage: 0, exposure: 0, degraded: 0, operator: 0, unknown: 0 };
  const cells: JudgedCell[] = [];
  let promised = 0;
  const live = openTables(terrain);
  const netState = repairedState(terrain.netState, basis);
  const fixed = netState === undefined ? [] : openTables({ ...terrain, netState });
  for (const family of FAMILIES) {
    const now = live.find((table) => table.family === family);
    if (now === undefined) continue;
    const then = fixed.find((table) => table.family === family);
    const judgedOf = (one: Question): JudgedCell => judged(now.answer(one), then?.answer(one), whose);
    for (const { question, size, members } of groupsOfBoth(now, then)) {
      const { cell } = now.answer(question);
      if (cell.should !== 'no-promise') promised += size;
      // Whose a rule is may differ from one member to the next.
      const isSettled = !isJudged(cell) && (then === undefined || !isJudged(then.answer(question).cell));
      if (isSettled) counts[cell.effect] += size;
      if (isSettled && !all) continue;
      for (const one of members().map(judgedOf)) {
        if (!isSettled) counts[one.effect]++;
        if (all || one.effect !== 'same') cells.push(one);
      }
    }
  }
  return { cells, counts, promised, unasked: unaskedOf(terrain) };
}

/** A host as a restore would leave it; undefined where it has nothing to do. */
function repairedState(
  netState: NetworkState,
  { repaired, repairedNatives }: JudgingBasis,
): NetworkState | undefined {
  const { natives } = netState;
  const replaced =
    repairedNatives === undefined || natives === undefined ? undefined : repairedNatives(natives);
  if (repaired === undefined && replaced === undefined) return undefined;
  const state = repaired === undefined ? netState : withVariant(netState, repaired);
  return replaced === undefined ? state : { ...state, natives: replaced };
}

/** A host whose rules of one variant are others. */
const withVariant = (netState: NetworkState, rules: VariantRules): NetworkState => ({
  ...netState,
  rulesets: [...netState.rulesets.filter(({ variant }) => variant !== rules.variant), rules],
});

/** Ends that fare alike by one of two tables may differ by the other: the askers of both ask, and classes are those of both. */
const groupsOfBoth = (now: FamilyTable, then: FamilyTable | undefined): readonly QuestionGroup[] =>
  then === undefined
    ? now.groups()
    : now.groups(
        allAsking([now.asking(), then.asking()]),
        (...asked) => `${now.classify(...asked)} ${then.classify(...asked)}`,
      );

function judged(now: AnsweredCell, then: AnsweredCell | undefined, whose: Whose): JudgedCell {
  const { cell } = now;
  const differs = bareEffect(cell);
  if (cell.should === 'no-promise') return { ...cell, differs };
  if (then !== undefined) return beside(cell, now, then, whose);
  return differs === 'same' ? { ...cell, differs } : decided(cell, differs, now.judgedBy(whose));
}

/** Whether whose rules decide counts for a cell. */
const isJudged = (cell: Cell): boolean => cell.should !== 'no-promise' && bareEffect(cell) !== 'same';

/** `operator` is no effect before a cell is judged. */
const bareEffect = ({ effect }: Cell): JudgedCell['differs'] => (effect === 'operator' ? 'same' : effect);

interface Decision {
  readonly cause: Cause;
  readonly decider: Decider;
}

function decided(cell: Cell, differs: JudgedCell['differs'], { cause, decider }: Decision): JudgedCell {
  const effect = cause === 'operator' && differs !== 'unknown' ? 'operator' : differs;
  return { ...cell, effect, differs, cause, decider };
}

/** A cell, where a restore would change rules. */
function beside(cell: Cell, now: AnsweredCell, then: AnsweredCell, whose: Whose): JudgedCell {
  const [is, willBe] = [bareEffect(cell), bareEffect(then.cell)];
  const lost = (differs: JudgedCell['differs'], decider: Decider): JudgedCell =>
    decided(cell, differs, { cause: 'lost', decider });
  if (willBe === 'same')
    return is === 'same' ? { ...cell, differs: is } : lost(is, now.judgedBy(whose).decider);
  const after = then.judgedBy(whose);
  const isOwn = after.cause === 'operator' && willBe !== 'unknown';
  // What the operator means to happen happens only once Docker's rules are whole.
  if (isOwn && willBe === 'outage' && (is === 'same' || is === 'degraded'))
    return lost('exposure', after.decider);
  if (isOwn && willBe === 'exposure' && is === 'same') return lost('outage', after.decider);
  if (is === 'same') return { ...cell, differs: is };
  if (is === 'outage' && willBe === 'degraded') return lost(is, now.judgedBy(whose).decider);
  if (willBe !== 'unknown') return decided(cell, is, after);
  const present = now.judgedBy(whose);
  if (is === 'unknown') return decided(cell, is, after.cause === 'operator' ? after : present);
  return present.cause === 'overridden' ? decided(cell, is, present) : lost(is, present.decider);
}
