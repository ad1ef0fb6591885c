import { Fault } from '../../../fault.ts';
import type { TablePlan } from '../../../firewall/nftables/plan/plan.ts';
import { dockersChain } from '../../../firewall/nftables/ownership/ownership.ts';
import type { Withdrawn } from '../../../firewall/nftables/plan/plan.ts';
import { isDamage, type Finding } from '../../../reconcile/finding.ts';
import type { Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import { plansFor } from '../../../reconcile/tables/side.ts';
import { digestOfLive, digestOfReply } from '../../observe/digests.ts';
import { observeAgain } from '../../observe/observe.ts';
import { awaitRules } from '../../observe/quiescence.ts';
import type { Applier } from '../apply.ts';
import { applyTables, finishTables, transactionsOf, type AppliedTransactions } from './apply-tables.ts';
import { proveTables, type TableRepairOptions } from './prove-tables.ts';
import { faultAfterTakingBack } from './undo-tables.ts';

/** What a repair of Docker's tables found, did and left. */
export interface RepairedTables {
  readonly after: Observation;
  /** One apply each. */
  readonly applied: readonly AppliedTransactions[];
  readonly unjournaled: string | undefined;
}

const MAX_ATTEMPTS = 10;
/** Milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;
/** Of a network that goes: Engine 29.7 took under 20 ms from its rules to its entry, beside a busy machine. */
const UNTIL_NOT_LISTED = 200;

/**
 * Repairs Docker's own tables as `repair` does the rules of iptables: plans, proves, applies, and observes again until nothing is left to
 * do. A handle that is gone by then makes nft refuse the whole transaction: then it plans again from what is there.
 *
 * The caller holds the lock.
 *
 * @param first - what was observed before it
 * @throws Fault RG_NOT_REPAIRED after ten attempts, or whatever ended it; what was done is undone then, or the fault says what is left
 */
export async function repairTables(
  host: Applier,
  reference: Reference,
  first: Observation,
  options: TableRepairOptions,
): Promise<RepairedTables> {
  const done: AppliedTransactions[] = [];
  try {
    return await attempt(host, reference, first, options, done);
  } catch (error) {
    if (!(error instanceof Fault) || done.length === 0) throw error;
    throw await faultAfterTakingBack(host, error, done);
  }
}

async function attempt(
  host: Applier,
  reference: Reference,
  first: Observation,
  options: TableRepairOptions,
  done: AppliedTransactions[],
): Promise<RepairedTables> {
  const planNow = ({ tables }: Observation): readonly TablePlan[] =>
    tables === undefined
      ? []
      : plansFor(tables, options, writtenBy(done)).filter(({ edits }) => edits.length > 0);
  let current = first;
  let trouble = 'the tables kept changing';
  for (let tries = 1; tries <= MAX_ATTEMPTS; tries++) {
    let plans = planNow(current);
    if (plans.length === 0) return concluded(host, current, done);
    if (tries > 1) await host.sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 2)));
    // dockerd lists a container as running while it writes or deletes its rules.
    await awaitRules(host, transactionsOf(plans), current.engine);
    const fresh = await observeAgain(host, reference, current);
    const isChanged =
      digestOfLive(fresh.live) !== digestOfLive(current.live) ||
      digestOfReply(fresh.engine) !== digestOfReply(current.engine);
    current = fresh;
    if (isChanged) plans = planNow(current);
    if (plans.length === 0) continue;
    await proveTables(host, plans, current, { ...options, reference });
    const applied = await applyTables(host, plans, {
      ...{
        action: 'restore',
        baseline: reference.stored?.digest ?? null,
        undoes: null,
        variant: current.live.variant,
      },
      continues: done.at(-1)?.noted.id ?? null,
    });
    done.push(applied);
    if (applied.refused !== undefined) trouble = applied.refused;
    await awaitRules(host, transactionsOf(plans), current.engine);
    if (bringsNetwork(plans)) await host.sleep(UNTIL_NOT_LISTED);
    current = await observeAgain(host, reference, current);
  }
  throw new Fault('RG_NOT_REPAIRED', 1, `not repaired after ${String(MAX_ATTEMPTS)} attempts`, {
    details: [trouble],
    hint: 'Find the other writer (ps, journalctl -u docker), stop it for a moment, and try again.',
  });
}

/** What the applies so far wrote: a container may have stopped between the Engine's reply and the apply. */
function writtenBy(done: readonly AppliedTransactions[]): Withdrawn {
  const edits = done.flatMap(({ plans }) => plans.flatMap((plan) => plan.edits));
  const written = new Set(
    edits.flatMap((edit) => {
      switch (edit.edit) {
        case 'add-rule':
          return [`${edit.chain} ${edit.rule.key}`];
        case 'add-chain':
          return [edit.chain];
        case 'add-element':
          return [`${edit.of} ${edit.key}`];
        default:
          return [];
      }
    }),
  );
  return {
    rule: (chain, { key }) => written.has(`${chain} ${key}`),
    chain: (name) => written.has(name),
    element: (of, key) => written.has(`${of} ${key}`),
  };
}

/**
 * Whether plans bring a network back. Docker takes a network's chains away a moment before its API no longer lists it: what is written in
 * between would stay for good.
 */
const bringsNetwork = (plans: readonly TablePlan[]): boolean =>
  plans.some(({ name, edits }) =>
    edits.some((edit) => edit.edit === 'add-chain' && dockersChain(name, edit.chain)?.bridge !== undefined),
  );

async function concluded(
  host: Applier,
  after: Observation,
  done: readonly AppliedTransactions[],
): Promise<RepairedTables> {
  let unjournaled: string | undefined;
  for (const applied of done) {
    const outcome = applied.refused === undefined ? 'applied' : 'failed';
    unjournaled = (await finishTables(host, applied, outcome, after.live.tables)) ?? unjournaled;
  }
  return { after, applied: done, unjournaled };
}

/** Findings that a repair could still fix. */
export const damageIn = ({ findings }: Observation): readonly Finding[] => findings.filter(isDamage);
