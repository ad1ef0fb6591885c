import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import type { OwnedHost } from '../docker/ownership.ts';
import { isDamage, type Finding } from '../guard/finding.ts';
import { loadPlan } from '../guard/plan-json.ts';
import type { JournalEntry } from '../guard/journal.ts';
import { isEmptyPlan, planRepair, withdrawKey, type Plan } from '../guard/plan.ts';
import { FAMILIES } from '../iptables/model.ts';
import { planUndo } from '../guard/undo.ts';
import { apply, finish, type Applied, type ApplyOptions, type Stage } from './apply.ts';
import { digestOfRules } from './digest.ts';
import { listJournal, readEntry } from './journal.ts';
import { readBackend, type Live } from './kernel.ts';
import { look, lookAt, type Look, type Measure } from './look.ts';
import { Proof } from './proof.ts';
import { awaitChanges } from './quiet.ts';
import { askAgain, digestOfWord } from './word.ts';

/** What a repair found, did and left. */
export interface Repaired {
  readonly before: Look;
  readonly after: Look;
  /** One journal entry an apply; none when there was nothing to do. */
  readonly journal: readonly string[];
  readonly plans: readonly Plan[];
}

/** A restore that can be taken back. */
export interface Undoable {
  readonly id: string;
  readonly entry: JournalEntry;
  readonly live: Live;
  /** What it did, and what takes that back from the rules as they are. */
  readonly done: Plan;
  readonly undo: Plan;
}

/** What a repair may do. */
export interface Planning {
  readonly policies: 'restore' | 'leave';
  /** Whether containers' rules may come back without an Engine that vouches for them. */
  readonly unvouched: boolean;
}

/** The plan that mends what a look found. */
export function planFor(
  { drift, sides, word }: Look,
  { policies, unvouched }: Planning,
  withdraw?: ReadonlySet<string>,
): Plan {
  const vouching = word.answered || unvouched ? 'given' : 'none';
  return planRepair(drift, sides, { policies, vouching, ...(withdraw === undefined ? {} : { withdraw }) });
}

const NOTHING_OWNED: OwnedHost = { families: { ipv4: new Map(), ipv6: new Map() }, undecided: [] };
const MAX_ATTEMPTS = 10;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;

/**
 * Reads, compares, plans, proves, applies, and reads again until nothing is left to do. When someone (dockerd, a second
 * operator) changes the rules in between, a restore is refused or the next look finds more: then it plans anew from what
 * is there, with growing pauses, at most ten times. If it cannot go on, it takes back what it did.
 *
 * The caller holds the lock.
 *
 * @param first - a look already taken, so that it is not taken twice
 * @throws Fault RG_NOT_REPAIRED (exit 1) after giving up, or whatever ended it; either way nothing of it is left, or the
 *   fault says what
 */
export async function repair(
  measure: Measure,
  first: Look,
  planning: Planning,
  options: ApplyOptions,
): Promise<Repaired> {
  const done: Applied[] = [];
  try {
    return await attempt(measure, first, planning, options, done);
  } catch (error) {
    if (!(error instanceof Fault) || done.length === 0) throw error;
    throw await afterTakingBack(error, done, options);
  }
}

async function attempt(
  measure: Measure,
  first: Look,
  planning: Planning,
  options: ApplyOptions,
  done: Applied[],
): Promise<Repaired> {
  let current = first;
  let trouble = 'the rules kept changing';
  let confirmed = false;
  const proof = new Proof();
  for (let tries = 1; tries <= MAX_ATTEMPTS; tries++) {
    let plan = planFor(current, planning, putBackBy(done));
    if (isEmptyPlan(plan)) {
      for (const applied of done) await finish(options.stateDir, applied, 'applied', current.live);
      return {
        before: first,
        after: current,
        journal: done.map(({ id }) => id),
        plans: done.map(({ plan }) => plan),
      };
    }
    if (tries > 1) await sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 2)));
    if (!confirmed && current.drift.extras.some(({ diverts }) => diverts !== undefined)) {
      // A container that starts has its rules before the Engine lists it: nothing of it may be taken for litter.
      await awaitChanges(plan, current.word);
      confirmed = true;
      current = await look(measure, () => readBackend(current.live.backend), askAgain(current.word));
      continue;
    }
    await proof.prove(plan, stageOf(current), options);
    const [fresh, word] = await Promise.all([readBackend(current.live.backend), askAgain(current.word)]);
    const isChanged =
      digestOfRules(fresh.rules) !== digestOfRules(current.live.rules) ||
      digestOfWord(word) !== digestOfWord(current.word);
    if (isChanged) {
      // Beside a busy dockerd something always has; it may even have put back itself what was missing.
      current = lookAt(measure, fresh, word);
      plan = planFor(current, planning, putBackBy(done));
      if (isEmptyPlan(plan) || !proof.covers(plan)) continue;
      await proof.prove(plan, stageOf(current), options);
    }
    const about = {
      action: 'restore',
      baseline: measure.stored?.digest ?? null,
      undoes: null,
      continues: done.at(-1)?.id ?? null,
    } as const;
    const applied = await apply(plan, stageOf(current), about, options);
    done.push(applied);
    if (applied.refused !== undefined) trouble = applied.refused;
    await awaitChanges(plan, word);
    current = await look(measure, () => readBackend(current.live.backend), askAgain(current.word));
  }
  throw new Fault('RG_NOT_REPAIRED', 1, `not repaired after ${String(MAX_ATTEMPTS)} attempts`, {
    details: [trouble],
    hint: 'Find the other writer (ps, journalctl -u docker), stop it for a moment, and try again.',
  });
}

const stageOf = ({ live, sides }: Look): Stage => ({ live, owned: sides.liveOwned });

/** What the applies so far put back: a container may have stopped between the Engine's word and the apply. */
function putBackBy(done: readonly Applied[]): ReadonlySet<string> {
  return new Set(
    done.flatMap(({ plan }) =>
      FAMILIES.flatMap((family) =>
        plan.families[family].tables.flatMap(({ table, steps }) =>
          steps.flatMap((step) =>
            'rule' in step && step.op !== 'delete' ? [withdrawKey(family, table, step.rule.text)] : [],
          ),
        ),
      ),
    ),
  );
}

/** Takes back what had been done when a fault ended it, and gives that fault with what became of it. */
export async function afterTakingBack(
  fault: Fault,
  done: readonly Applied[],
  options: ApplyOptions,
): Promise<Fault> {
  const leftovers = await takeBack(done, options).catch((error: unknown) => [
    `What had been done could not be taken back: ${error instanceof Error ? error.message : String(error)}`,
  ]);
  const isLeft = leftovers.length > 0;
  return new Fault(fault.code, fault.exit, fault.message, {
    details: [...fault.details, ...(isLeft ? leftovers : ['What had been done was taken back.'])],
    cause: fault,
    ...(isLeft ? { hint: 'Try again, or take it back: rulesguard restore --undo' } : {}),
    ...(!isLeft && fault.hint !== undefined ? { hint: fault.hint } : {}),
  });
}

/** Takes back applies that did not end well, the last first. Returns what could not be taken back. */
async function takeBack(done: readonly Applied[], options: ApplyOptions): Promise<readonly string[]> {
  const troubles: string[] = [];
  for (const applied of done.toReversed()) {
    const live = await readBackend(applied.entry.backend);
    const undo = planUndo(applied.plan, applied.entry.before, live.rules);
    let refused: string | undefined;
    if (!isEmptyPlan(undo)) {
      const about = {
        action: 'undo',
        baseline: applied.entry.baseline,
        undoes: applied.id,
        continues: null,
      } as const;
      const back = await apply(undo, { live, owned: NOTHING_OWNED }, about, options);
      refused = back.refused;
      await finish(options.stateDir, back, refused === undefined ? 'applied' : 'failed', undefined);
    }
    await finish(options.stateDir, applied, refused === undefined ? 'undone' : 'failed', undefined);
    if (refused !== undefined) troubles.push(`What had been done could not be taken back: ${refused}`);
  }
  return troubles;
}

/** Findings that a repair could still mend, policies set apart because they are changed only on request. */
export function leftAfter(findings: readonly Finding[]): {
  readonly damage: readonly Finding[];
  readonly policies: readonly Finding[];
} {
  const damage = findings.filter(isDamage);
  return {
    damage: damage.filter(({ kind }) => kind !== 'policy'),
    policies: damage.filter(({ kind }) => kind === 'policy'),
  };
}

/** The last restore of which something is left to take back. */
export async function lastUndoable(stateDir: string): Promise<Undoable> {
  for (const id of (await listJournal(stateDir)).toReversed()) {
    const entry = await readEntry(stateDir, id);
    if (entry.action !== 'restore' || entry.outcome === 'undone') continue;
    const found = await undoableFrom(id, entry);
    // A failed one may have been refused whole: then the one before it is the last that did anything.
    if (entry.outcome !== 'failed' || !isEmptyPlan(found.undo)) return found;
  }
  throw new Fault('RG_PLAN', 1, 'there is no restore to take back', {
    hint: `The journal is in ${stateDir}/journal`,
  });
}

/** A journal entry with the plan that takes it back from the rules as they are now. */
export async function undoableOf(stateDir: string, id: string): Promise<Undoable> {
  return undoableFrom(id, await readEntry(stateDir, id));
}

async function undoableFrom(id: string, entry: JournalEntry): Promise<Undoable> {
  const live = await readBackend(entry.backend);
  const done = loadPlan(entry.plan);
  return { id, entry, live, done, undo: planUndo(done, entry.before, live.rules) };
}
