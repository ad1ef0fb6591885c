import { Fault } from '../../fault.ts';
import { loadPlan } from '../../firewall/iptables/plan/plan-json.ts';
import { countSteps } from '../../firewall/iptables/plan/plan.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { Planning } from '../../reconcile/repair-plan.ts';
import type { Repair } from '../../reconcile/repair-result.ts';
import { finish, type Applied, type Applier } from './apply.ts';
import { allRounds, beginning } from './rounds.ts';
import { afterwards } from './kept.ts';
import { iptablesBackend, leftBy, textsIn, writtenBy, type IptablesProgress } from './iptables-backend.ts';
import { Proof } from './proof.ts';
import { endUnfinished, lookedAgain, unfinishedApplies, type Unfinished } from './unfinished.ts';

/** What a repair is to do, and how carefully. */
export interface RepairOptions extends Planning {
  /** Whether the plan is tried in a network namespace of its own first. */
  readonly rehearse: boolean;
  /** What has been rehearsed already, by whoever repairs again and again; see `Proof`. */
  readonly rehearsed?: Iterable<string>;
  /**
   * Which flows of published UDP ports are decided again by the rules: those of repaired ports, or of all. `repaired` also counts the
   * clients that are stuck then.
   */
  readonly flows?: 'repaired' | 'all' | undefined;
  /** Whether a declared table that somebody changed is put back too; not where nothing is said, for nobody may be there to say that it was not meant. */
  readonly changed?: 'restore' | 'leave' | undefined;
  /** Id of the apply before it in the same repair. */
  readonly continues?: string | undefined;
}

/** What a repair found, did and left, with what the journal says of it. */
export interface Repaired extends Repair {
  /** One journal entry an apply; fewer where the journal could not be written. */
  readonly journal: readonly string[];
  /** Why it could not. */
  readonly unjournaled: string | undefined;
}

/**
 * Repairs in rounds (`rounds.ts`) until nothing is left to do, or what is left is somebody else's: a rule that it wrote ten times and that was
 * changed back each time, a table that the kernel refused ten times, whatever still changes after a minute. That is left as it is and named; all else stays
 * repaired.
 *
 * The caller holds the lock.
 *
 * @param first - what was observed before it
 * @throws Fault of what could not be read, proved or written. What was repaired until then stays, and the fault says so
 */
export async function repair(
  host: Applier,
  reference: Reference,
  first: Observation,
  options: RepairOptions,
): Promise<Repaired> {
  const begun = await beginRepair(host, reference, first, options);
  const done: Applied[] = [];
  try {
    const end = await allRounds(host, reference, begun.backend, begun.from, (applied) => done.push(applied));
    return await endRepair(host, first, begun, end);
  } catch (error) {
    if (!(error instanceof Fault) || done.length === 0) throw error;
    throw afterwards(
      error,
      done.reduce((sum, { plan }) => sum + countSteps(plan), 0),
    );
  }
}

/** A repair before its first round. */
export interface BegunRepair {
  readonly backend: ReturnType<typeof iptablesBackend>;
  readonly from: IptablesProgress;
  readonly unfinished: readonly Unfinished[];
}

/** Looks for what an earlier repair left unfinished, and waits for whom it wrote of, as that one would have; and begins. */
export async function beginRepair(
  host: Applier,
  reference: Reference,
  first: Observation,
  options: RepairOptions,
): Promise<BegunRepair> {
  const unfinished = await unfinishedApplies(host.journal);
  const plans = unfinished.map(({ entry }) => loadPlan(entry.plan));
  const memory = {
    proof: new Proof(host, options.rehearse, options.rehearsed),
    unloadable: new Map<string, string>(),
  };
  const backend = iptablesBackend(host, reference, options, writtenBy(plans));
  const settles = Math.max(0, ...plans.map((plan) => backend.settlesIn(plan, first)));
  const seen = await lookedAgain(host, reference, first, unfinished, plans.flatMap(textsIn), settles);
  return {
    backend,
    from: beginning(host, seen, memory),
    unfinished,
  };
}

/** Says in the journal that what was applied is looked at by now, and what came of it. @param end - behind the last round */
export async function endRepair(
  host: Pick<Applier, 'journal'>,
  before: Observation,
  { backend, unfinished }: BegunRepair,
  end: IptablesProgress,
): Promise<Repaired> {
  const { seen: after, done, attempts, memory } = end;
  const left = leftBy(backend.plan(end), attempts);
  let unjournaled: string | undefined;
  for (const applied of done)
    unjournaled = (await finish(host, applied, 'applied', after.live)) ?? unjournaled;
  await endUnfinished(host.journal, unfinished);
  return {
    ...{ before, after, left, unloadable: memory.unloadable, unjournaled },
    plans: done.map(({ plan }) => plan),
    journal: done.flatMap(({ noted }) => noted.id ?? []),
  };
}
