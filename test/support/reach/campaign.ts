import { changedSince, judge, read, type Changed, type Reading } from './judge.ts';
import type { ReachState } from './states/state.ts';
import type { ReachTown } from './measured-town.ts';
import { askCheck, askDoctor } from './remedies/answers.ts';
import { NO_REMEDIES, tryRemedies, type TriedRemedies } from './remedies/remedies.ts';
import { judgeVerdicts, type Verdicts } from './verdicts.ts';

/** What one state on one Engine came to. */
export interface StateResult extends Changed {
  readonly era: string;
  readonly kind: string;
  readonly name: string;
  /** Cells of the table, those it cannot tell, and those that nobody in the lab can send packets for. */
  readonly cells: number;
  readonly unknown: number;
  readonly unmeasured: number;
  /** By packets: cells of each effect. */
  readonly effects: Readonly<Record<string, number>>;
  /** Why packets refute the program; empty where they do not. */
  readonly refuted: readonly string[];
  readonly verdicts: Verdicts;
  readonly remedies: TriedRemedies;
}

/** What else is done in a state. Doctor takes as long as all else together, and each remedy takes the measuring once more. */
export interface Effort {
  readonly isDoctorAsked: boolean;
  /** So many remedies are executed. */
  readonly remedies: number;
}

const countOf = (items: readonly string[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
};

/**
 * Brings a town into a state, asks the program, sends every cell's packets, and executes what the program offers against it. Leaves the
 * state, or what a remedy made of it, in place.
 *
 * What packets refute is asked and sent once more, with patience: docker-proxy keeps what it knows of a client's UDP port for 90
 * seconds, and in the lab the same port asks something else well before that.
 */
export async function tryState(
  town: ReachTown,
  before: Reading,
  state: ReachState,
  { isDoctorAsked, remedies }: Effort,
): Promise<StateResult> {
  await town.sh(state.script);
  const [first, check, doctor] = await Promise.all([
    read(town, before.cells),
    askCheck(town.host),
    isDoctorAsked ? askDoctor(town.host) : undefined,
  ]);
  let after = first;
  let judged = judge(after, town);
  if (judged.some(({ refuted }) => refuted !== undefined)) {
    const once = new Set(judged.flatMap(({ name, refuted }) => (refuted === undefined ? [] : [name])));
    after = await read(town, before.cells, true);
    judged = judge(after, town).map((one) => (once.has(one.name) ? one : { ...one, refuted: undefined }));
  }
  const { cells } = after;
  return {
    era: town.era,
    kind: state.kind,
    name: state.name,
    cells: cells.length,
    unknown: cells.filter(({ is }) => is === 'unknown').length,
    unmeasured: cells.length - judged.length,
    ...changedSince(before, after),
    effects: countOf(judged.map(({ effect }) => effect)),
    refuted: judged.flatMap(({ refuted }) => refuted ?? []),
    verdicts: judgeVerdicts(check, doctor, judged),
    remedies:
      remedies === 0
        ? NO_REMEDIES
        : await tryRemedies(town, state, { intact: before, judged }, { check, doctor }, remedies),
  };
}
