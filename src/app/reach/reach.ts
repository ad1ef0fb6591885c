import type { EngineReply } from '../../docker/engine-reply.ts';
import { isUnavailable } from '../../doctor/facts/facts.ts';
import { Fault } from '../../fault.ts';
import { withNewDoubts } from '../../reach/judge/doubts.ts';
import { isOpen, judgedTable, type JudgedCell, type JudgingBasis } from '../../reach/judge/judge.ts';
import { whoseBy } from '../../reach/judge/whose.ts';
import type { Terrain } from '../../reach/terrain.ts';
import type { UnaskedWays } from '../../reach/unasked.ts';
import type { Acceptance } from '../../reconcile/accept/acceptance.ts';
import { markedCell } from '../../reconcile/accept/covers.ts';
import { stoodIn } from '../../reconcile/judging.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { UnreadPart } from '../../reconcile/verdict/effect.ts';
import type { Family } from '../../net/family.ts';
import type { Listener, NoticeEvent, StepEvent } from '../events.ts';
import { meantBy } from '../diagnose/meant.ts';
import { readRulesState, readVariantsOf, type RulesState } from '../diagnose/rules-state.ts';
import { BY_BOTH, openReference } from '../observe/open-reference.ts';
import { coveringOf } from '../accept/acceptances.ts';
import { cellsAbout, namedAskers, type ReachQuestion } from './about.ts';
import type { ReachHost } from './ports.ts';
import { readAskedSets, readSurroundings, setAsideParts, terrainOf, unreadParts } from './read-terrain.ts';

/** Who reaches what on this host. */
export interface Reached {
  readonly cells: readonly ReachedCell[];
  /** Version of the Engine. */
  readonly engine: string;
  /** What was asked about. */
  readonly question: ReachQuestion;
  /** 0 as Docker and the operator mean it, 1 something differs, 3 nothing differs and something cannot be told. */
  readonly exit: 0 | 1 | 3;
  /** What some of it depends on, and could not be read. */
  readonly unread: readonly UnreadPart[];
  /** What the table of the whole host does not ask about. */
  readonly unasked: readonly UnaskedWays[];
  /** Families of which it is not known which policy FORWARD is to have. */
  readonly policyUnknown: readonly Family[];
}

/** A judged cell, and the acceptance that covers it today. */
export interface ReachedCell extends JudgedCell {
  readonly accepted?: Acceptance;
}

/**
 * Makes the table of who reaches what, and what Docker means to be reached. Changes nothing, and takes no lock.
 *
 * @throws Fault RG_PRIVILEGE without root; of the Engine where it does not say what exists; RG_ENGINE_UNKNOWN for one before
 *   18.03.1; RG_USAGE for a target that is nothing here, or more than one thing
 */
export async function reach(
  host: ReachHost,
  question: ReachQuestion,
  on: Listener<StepEvent | NoticeEvent>,
): Promise<Reached> {
  on({ kind: 'step', step: 'gathering' });
  const reference = await openReference(BY_BOTH, host.baselines);
  const asking = host.askAnyEngine();
  const readingVariants = readVariantsOf(host, reference, asking);
  const [variants, engine, state, surroundings] = await Promise.all([
    readingVariants,
    asking,
    readRulesState(host, reference, readingVariants, asking),
    readSurroundings(host),
  ]);
  const { inventory } = engine;
  const { rulesets } = state;
  if (inventory === undefined)
    throw engine.answered ? new Error('an answer without inventory') : engine.fault;
  const { terrain: whole, unseen } = terrainOf({
    intent: intentFrom(engine, inventory.version, state),
    inventory,
    surroundings,
    rulesets,
    sets: await readAskedSets(host, rulesets),
    ...(isUnavailable(variants) ? { unread: variants } : {}),
  });
  const terrain = { ...whole, named: namedAskers(question, whole) };
  const table = judgedTable(terrain, { ...basisOf(state, reference), all: true });
  const told = withNewDoubts(table, reference.stored?.baseline.unread ?? []);
  const covering = await coveringOf(host, on);
  const cells = cellsAbout(question, told.cells, terrain).map((cell) => markedCell(cell, covering));
  const isAsked = Object.values(question).some((word) => word !== undefined);
  const { unasked } = table;
  // What no packet depends on need not be read.
  // Whoever names what is judged is answered about that.
  const aside = isAsked ? [] : setAsideParts(inventory);
  const unread = [...aside, ...(cells.some(({ effect }) => effect === 'unknown') ? unreadParts(unseen) : [])];
  const { policyUnknown = [] } = state;
  const exit = exitOf(cells, isAsked) || (aside.length > 0 ? 3 : 0);
  return { cells, unread, unasked, policyUnknown, engine: inventory.version, question, exit };
}

/** What check judges by. Where nothing says which rules should be there, none is lost, and owners are known all the same. */
const basisOf = ({ judging, owned, rulesets, tables }: RulesState, reference: Reference): JudgingBasis =>
  judging ?? {
    repaired: undefined,
    whose: whoseBy({
      owned: owned === undefined ? [] : [owned],
      rulesets,
      stood: stoodIn(reference),
      isForeignInTables: tables?.isForeign,
    }),
  };

function intentFrom(engine: EngineReply, version: string, state: RulesState): Terrain['intent'] {
  const intent = meantBy(engine, state);
  if (intent === undefined)
    throw new Fault('RG_ENGINE_UNKNOWN', 3, `what Engine ${version} means to be reached is not known here`);
  return intent;
}

/** @param asked - whether somebody asked about these very cells: then it counts that one does not get there, whoever closed or accepted it */
function exitOf(cells: readonly ReachedCell[], asked: boolean): Reached['exit'] {
  const counting = asked ? cells : cells.filter(({ accepted }) => accepted === undefined);
  const isClosed = ({ effect, differs }: JudgedCell): boolean =>
    asked && effect === 'operator' && differs !== 'exposure';
  if (counting.some((cell) => (cell.effect !== 'unknown' && isOpen(cell)) || isClosed(cell))) return 1;
  return counting.some((cell) => cell.effect === 'unknown' && (asked || isOpen(cell))) ? 3 : 0;
}
