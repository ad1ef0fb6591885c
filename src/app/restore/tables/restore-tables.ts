import { countEdits } from '../../../firewall/nftables/plan/plan.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import type { LeftOut } from '../../../firewall/iptables/plan/edit.ts';
import type { Finding } from '../../../reconcile/finding.ts';
import type { Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import type { RestoreResult } from '../../../reconcile/repair-result.ts';
import { plansFor } from '../../../reconcile/tables/side.ts';
import type { Host } from '../../ports.ts';
import { decideFlows } from '../flows.ts';
import type { RepairOptions } from '../repair.ts';
import { damageIn, repairTables } from './repair-tables.ts';

/**
 * Brings Docker's own tables of nftables back, by a caller that holds the lock.
 *
 * @param first - what was observed before it
 * @throws Fault as `repairTables`
 */
export async function restoreTables(
  host: Host,
  reference: Reference,
  first: Observation,
  options: RepairOptions,
): Promise<RestoreResult> {
  const { after, applied, left, unjournaled } = await repairTables(host, reference, first, options);
  const done = {
    ...{ before: first, after, left, unjournaled, applies: applied.length },
    steps: countEdits(applied.flatMap(({ plans }) => plans)),
    journal: applied.flatMap(({ noted }) => noted.id ?? []),
  };
  return resultOfTables(host, reference, done, options.flows);
}

/** What was done to Docker's tables, and found before and after it. */
interface TablesDone extends Pick<
  RestoreResult,
  'steps' | 'applies' | 'journal' | 'unjournaled' | 'byDocker'
> {
  readonly before: Observation;
  readonly after: Observation;
  readonly left?: readonly LeftOut[];
}

/** Counts what was done, and lets the rules decide again about flows of ports that nothing translated. */
export async function resultOfTables(
  host: Pick<Host, 'dropFlows' | 'countStuck'>,
  reference: Reference,
  { before: first, after, left: leftTables = [], ...done }: TablesDone,
  flows: RepairOptions['flows'],
): Promise<RestoreResult> {
  const [before, left] = [damageIn(first), damageIn(after)];
  const leftOut = refusedIn(after);
  const isRefused = ({ family, table }: Finding): boolean =>
    [...leftOut, ...leftTables].some((one) => one.family === family && one.table === table);
  // What no Engine confirms, see `TablesSide.repairable`.
  const isOfContainer = ({ level }: Finding): boolean => level === 'endpoint' && !after.engine.answered;
  const rulesOfContainers = left.filter((one) => !isRefused(one) && isOfContainer(one)).length;
  const unexplained = left.filter((one) => !isRefused(one) && !isOfContainer(one));
  return {
    exit: left.length > 0 ? 1 : 0,
    repaired: Math.max(0, before.length - left.length),
    leftOut,
    left: leftTables,
    policies: [],
    unexplained,
    explained: left.length - unexplained.length,
    rulesOfContainers,
    unconnected: after.findings.filter(({ kind }) => kind === 'unconnected'),
    ...{ reference, after, ...done },
    ...(await decideFlows(host, { before: first, after, applies: done.applies }, flows)),
  };
}

/** Tables that a restore leaves as they are, and why. */
const refusedIn = ({ tables }: Observation): readonly LeftOut[] =>
  (tables === undefined ? [] : plansFor(tables)).flatMap((plan) =>
    plan.refused === undefined
      ? []
      : [{ family: plan.family, table: plan.name, chain: '', rule: tableName(plan), reason: plan.refused }],
  );
