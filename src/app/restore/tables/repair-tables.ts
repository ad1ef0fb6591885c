import { Fault } from '../../../fault.ts';
import type { LeftOut } from '../../../firewall/iptables/plan/edit.ts';
import { countEdits } from '../../../firewall/nftables/plan/plan.ts';
import { isDamage, type Finding } from '../../../reconcile/finding.ts';
import type { Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import type { Applier } from '../apply.ts';
import { afterwards } from '../kept.ts';
import { allRounds, beginning, UNTIL_NOT_LISTED } from '../rounds.ts';
import { endUnfinished, lookedAgain, unfinishedApplies } from '../unfinished.ts';
import { finishTables, type AppliedTransactions } from './apply-tables.ts';
import type { TableRepairOptions } from './prove-tables.ts';
import { tablesBackend, tablesLeft, type RehearsedEdits } from './tables-backend.ts';

/** What a repair of Docker's tables found, did and left. */
export interface RepairedTables {
  readonly after: Observation;
  /** One apply each. */
  readonly applied: readonly AppliedTransactions[];
  /** Tables that it could have written and leaves, and why. */
  readonly left: readonly LeftOut[];
  readonly unjournaled: string | undefined;
}

/**
 * Repairs Docker's own tables as `repair` does the rules of iptables, in the same rounds.
 *
 * The caller holds the lock.
 *
 * @param first - what was observed before it
 * @throws Fault of what could not be read, proved or written. What was repaired until then stays, and the fault says so
 */
export async function repairTables(
  host: Applier,
  reference: Reference,
  first: Observation,
  options: TableRepairOptions,
): Promise<RepairedTables> {
  const unfinished = await unfinishedApplies(host.journal);
  const earlier = unfinished.flatMap(({ entry }) => entry.tables?.done ?? []);
  const backend = tablesBackend(host, reference, options, earlier);
  const applied: AppliedTransactions[] = [];
  try {
    const again = await lookedAgain(host, reference, first, unfinished, earlier, UNTIL_NOT_LISTED);
    const from = beginning<AppliedTransactions, RehearsedEdits>(
      host,
      again,
      new Set(options.rehearsed ?? []),
    );
    const end = await allRounds(host, reference, backend, from, (one) => applied.push(one));
    let unjournaled: string | undefined;
    for (const one of applied) {
      const outcome = one.refused === undefined ? 'applied' : 'failed';
      unjournaled = (await finishTables(host, one, outcome, end.seen.live.tables)) ?? unjournaled;
    }
    await endUnfinished(host.journal, unfinished);
    return { after: end.seen, applied, left: tablesLeft(end, options), unjournaled };
  } catch (error) {
    if (!(error instanceof Fault) || applied.length === 0) throw error;
    throw afterwards(error, countEdits(applied.flatMap(({ plans }) => plans)));
  }
}

/** Findings that a repair could still fix. */
export const damageIn = ({ findings }: Observation): readonly Finding[] => findings.filter(isDamage);
