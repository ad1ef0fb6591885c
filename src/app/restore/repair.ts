import { Fault } from '../../fault.ts';
import { isEmptyPlan, withdrawKey, type Plan } from '../../firewall/iptables/plan/plan.ts';
import { FAMILIES } from '../../net/family.ts';
import { observationOf, type Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { planFor, type Planning } from '../../reconcile/repair-plan.ts';
import type { Repair } from '../../reconcile/repair-result.ts';
import { digestOfReply, digestOfRules } from '../observe/digests.ts';
import type { OwnedLive } from '../../host/xtables/rehearse-plan.ts';
import { observeAgain, readAgain } from '../observe/observe.ts';
import { awaitChanges } from '../observe/quiescence.ts';
import { apply, finish, type Applied, type Applier } from './apply.ts';
import { Proof, provable } from './proof.ts';
import { faultAfterUndo } from './undo-applied.ts';

/** What a repair is to do, and how carefully. */
export interface RepairOptions extends Planning {
  /** Whether the plan is tried in a network namespace of its own first. */
  readonly rehearse: boolean;
  /**
   * Which flows of published UDP ports are decided again by the rules: those of repaired ports, or of all. `repaired` also counts the
   * clients that are stuck then.
   */
  readonly flows?: 'repaired' | 'all' | undefined;
}

/** What a repair found, did and left, with what the journal says of it. */
export interface Repaired extends Repair {
  /** One journal entry an apply; fewer where the journal could not be written. */
  readonly journal: readonly string[];
  /** Why it could not. */
  readonly unjournaled: string | undefined;
}

const MAX_ATTEMPTS = 10;
/** Milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;

/**
 * Plans, proves, applies, and observes again until nothing is left to do. When someone (dockerd, a second operator) changes
 * the rules in between, a restore is refused or the next observation finds more: then it plans again from what is there,
 * with growing pauses, at most ten times. If it cannot go on, it undoes what it did.
 *
 * The caller holds the lock.
 *
 * @param first - what was observed before it
 * @throws Fault RG_NOT_REPAIRED (exit 1) after giving up, or whatever ended it; either way nothing of it is left, or the
 *   fault says what
 */
export async function repair(
  host: Applier,
  reference: Reference,
  first: Observation,
  options: RepairOptions,
): Promise<Repaired> {
  const done: Applied[] = [];
  try {
    return await attempt(host, reference, first, options, done);
  } catch (error) {
    if (!(error instanceof Fault) || done.length === 0) throw error;
    throw await faultAfterUndo(host, error, done);
  }
}

async function attempt(
  host: Applier,
  reference: Reference,
  first: Observation,
  options: RepairOptions,
  done: Applied[],
): Promise<Repaired> {
  let current = first;
  let trouble = 'the rules kept changing';
  let confirmed = false;
  const proof = new Proof(host, options.rehearse);
  const unloadable = new Map<string, string>();
  const planNow = (): Plan => planFor(current, options, { withdraw: writtenBy(done), unloadable });
  for (let tries = 1; tries <= MAX_ATTEMPTS; tries++) {
    let plan = planNow();
    if (isEmptyPlan(plan)) return concluded(host, { before: first, after: current, unloadable }, done);
    if (tries > 1) await host.sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 2)));
    if (!confirmed && current.drift.extras.some(({ diverts }) => diverts !== undefined)) {
      // A container that starts has its rules before the Engine lists it: none of them may be taken for leftovers.
      await awaitChanges(host, plan, current.engine);
      confirmed = true;
      current = await observeAgain(host, reference, current);
      continue;
    }
    plan = await provable(plan, unloadable, planNow, (one) => proof.prove(one, ownedLive(current)));
    if (isEmptyPlan(plan)) continue;
    const [fresh, engine] = await readAgain(host, reference, current);
    const isChanged =
      digestOfRules(fresh.rules) !== digestOfRules(current.live.rules) ||
      digestOfReply(engine) !== digestOfReply(current.engine);
    if (isChanged) {
      // Beside a busy dockerd something always has; it may even have written itself what was missing.
      current = observationOf(reference, fresh, engine);
      plan = planNow();
      if (isEmptyPlan(plan) || !proof.covers(plan)) continue;
      await proof.prove(plan, ownedLive(current));
    }
    const applied = await apply(host, plan, current.live, {
      action: 'restore',
      baseline: reference.stored?.digest ?? null,
      undoes: null,
      continues: done.at(-1)?.noted.id ?? null,
    });
    done.push(applied);
    if (applied.refused !== undefined) trouble = applied.refused;
    await awaitChanges(host, plan, engine);
    current = await observeAgain(host, reference, current);
  }
  throw new Fault('RG_NOT_REPAIRED', 1, `not repaired after ${String(MAX_ATTEMPTS)} attempts`, {
    details: [trouble],
    hint: 'Find the other writer (ps, journalctl -u docker), stop it for a moment, and try again.',
  });
}

async function concluded(
  host: Applier,
  found: Omit<Repair, 'plans'>,
  done: readonly Applied[],
): Promise<Repaired> {
  let unjournaled: string | undefined;
  for (const applied of done)
    unjournaled = (await finish(host, applied, 'applied', found.after.live)) ?? unjournaled;
  return {
    ...found,
    plans: done.map(({ plan }) => plan),
    journal: done.flatMap(({ noted }) => noted.id ?? []),
    unjournaled,
  };
}

/** What a plan made of an observation is applied to. */
export const ownedLive = ({ live, sides }: Observation): OwnedLive => ({ live, owned: sides.liveOwned });

/** What the applies so far wrote: a container may have stopped between the Engine's reply and the apply. */
function writtenBy(done: readonly Applied[]): ReadonlySet<string> {
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
