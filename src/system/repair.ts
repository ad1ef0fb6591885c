import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import { isDamage, type Finding } from '../guard/finding.ts';
import { planUndo, type JournalEntry } from '../guard/journal.ts';
import { isEmptyPlan, planRepair, type Plan, type PlanOptions } from '../guard/plan.ts';
import { apply, finish, proveApplicable, type Applied, type ApplyOptions } from './apply.ts';
import { digestOfRules } from './digest.ts';
import { listJournal, readEntry } from './journal.ts';
import { readBackend } from './kernel.ts';
import { look, lookAt, type Look } from './look.ts';
import type { StoredBaseline } from './store.ts';

/** What a repair found, did and left. */
export interface Repaired {
  readonly before: Look;
  readonly after: Look;
  /** One journal entry an apply; none when there was nothing to do. */
  readonly journal: readonly string[];
  readonly plans: readonly Plan[];
}

const MAX_ATTEMPTS = 10;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;

/**
 * Reads, compares, plans, proves, applies, and reads again until nothing is left to do. When someone (dockerd, a second
 * operator) changes the rules in between, a restore is refused or the next look finds more: then it plans anew from what
 * is there, with growing pauses, at most ten times. If it gives up, it takes back what it did.
 *
 * The caller holds the lock.
 *
 * @param first - a look already taken, so that it is not taken twice
 * @throws Fault RG_NOT_REPAIRED (exit 1) after giving up
 */
export async function repair(
  stored: StoredBaseline,
  first: Look,
  planning: PlanOptions,
  options: ApplyOptions,
): Promise<Repaired> {
  const done: Applied[] = [];
  let current = first;
  let trouble = 'the rules kept changing';
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const plan = planRepair(current.drift, current.sides, planning);
    if (isEmptyPlan(plan)) {
      for (const applied of done) await finish(options.stateDir, applied, 'applied', current.live);
      return {
        before: first,
        after: current,
        journal: done.map(({ id }) => id),
        plans: done.map(({ plan }) => plan),
      };
    }
    if (attempt > 1) await sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 2)));
    const stage = { live: current.live, owned: current.sides.liveOwned };
    await proveApplicable(plan, stage, options);
    const fresh = await readBackend(current.live.backend);
    if (digestOfRules(fresh.rules) !== digestOfRules(current.live.rules)) {
      // Someone changed them during the rehearsal; dockerd may be about to put back itself what is missing.
      current = await lookAt(stored, fresh);
      continue;
    }
    const applied = await apply(
      plan,
      stage,
      { action: 'restore', baseline: stored.digest, undoes: null },
      options,
    );
    done.push(applied);
    if (applied.refused !== undefined) trouble = applied.refused;
    current = await look(stored);
  }
  const leftovers = await takeBack(done, options);
  throw new Fault(
    'RG_NOT_REPAIRED',
    1,
    `not repaired after ${String(MAX_ATTEMPTS)} attempts; what was done was taken back`,
    {
      details: [trouble, ...leftovers],
      hint: 'Find the other writer (ps, journalctl -u docker), stop it for a moment, and try again.',
    },
  );
}

/** Takes back applies that did not end well, the last first. Returns what could not be taken back. */
export async function takeBack(done: readonly Applied[], options: ApplyOptions): Promise<readonly string[]> {
  const troubles: string[] = [];
  for (const applied of done.toReversed()) {
    const live = await readBackend(applied.entry.backend);
    const undo = planUndo(applied.plan, applied.entry.before, live.rules);
    if (!isEmptyPlan(undo)) {
      const owned = { families: { ipv4: new Map(), ipv6: new Map() }, undecided: [] };
      const back = await apply(
        undo,
        { live, owned },
        { action: 'undo', baseline: applied.entry.baseline, undoes: applied.id },
        options,
      );
      await finish(options.stateDir, back, back.refused === undefined ? 'applied' : 'failed', undefined);
      if (back.refused !== undefined) troubles.push(`could not be taken back: ${back.refused}`);
    }
    await finish(options.stateDir, applied, 'failed', undefined);
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

/** The last apply that can be taken back, and its id. */
export async function lastUndoable(
  stateDir: string,
): Promise<{ readonly id: string; readonly entry: JournalEntry }> {
  const ids = await listJournal(stateDir);
  for (const id of ids.toReversed()) {
    const entry = await readEntry(stateDir, id);
    if (entry.action === 'restore' && (entry.outcome === 'applied' || entry.outcome === 'begun'))
      return { id, entry };
  }
  throw new Fault('RG_PLAN', 1, 'there is no restore to take back', {
    hint: `The journal is in ${stateDir}/journal`,
  });
}
