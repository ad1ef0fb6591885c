import {
  BRIDGES_TABLE,
  NAT_OUTPUT,
  NAT_PREROUTING,
  TRANSLATIONS,
} from '../../../firewall/nftables/tables/names.ts';
import { FAMILIES } from '../../../net/family.ts';
import type { UdpPort } from '../../../reconcile/flows.ts';
import { countEdits } from '../../../firewall/nftables/plan/plan.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import type { LeftOut } from '../../../firewall/iptables/plan/edit.ts';
import type { Finding } from '../../../reconcile/finding.ts';
import type { Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import type { RestoreResult } from '../../../reconcile/repair-result.ts';
import { plansFor } from '../../../reconcile/tables/side.ts';
import type { Applier } from '../apply.ts';
import type { RepairOptions } from '../repair.ts';
import { damageIn, repairTables } from './repair-tables.ts';

/**
 * Brings Docker's own tables of nftables back, by a caller that holds the lock.
 *
 * @param first - what was observed before it
 * @throws Fault as `repairTables`
 */
export async function restoreTables(
  host: Applier,
  reference: Reference,
  first: Observation,
  options: RepairOptions,
): Promise<RestoreResult> {
  const { after, applied, unjournaled } = await repairTables(host, reference, first, options);
  return resultOfTables(host, reference, {
    ...{ before: first, after, unjournaled },
    steps: countEdits(applied.flatMap(({ plans }) => plans)),
    applies: applied.length,
    journal: applied.flatMap(({ noted }) => noted.id ?? []),
  });
}

/** What was done to Docker's tables, and found before and after it. */
interface TablesDone extends Pick<
  RestoreResult,
  'steps' | 'applies' | 'journal' | 'unjournaled' | 'byDocker'
> {
  readonly before: Observation;
  readonly after: Observation;
}

/** Counts what was done, and lets the rules decide again about flows of ports that nothing translated. */
export async function resultOfTables(
  host: Pick<Applier, 'dropFlows'>,
  reference: Reference,
  { before: first, after, ...done }: TablesDone,
): Promise<RestoreResult> {
  const [before, left] = [damageIn(first), damageIn(after)];
  const leftOut = refusedIn(after);
  const isRefused = ({ family, table }: Finding): boolean =>
    leftOut.some((one) => one.family === family && one.table === table);
  // What no Engine confirms, see `TablesSide.repairable`.
  const isOfContainer = ({ level }: Finding): boolean => level === 'endpoint' && !after.engine.answered;
  const rulesOfContainers = left.filter((one) => !isRefused(one) && isOfContainer(one)).length;
  const unexplained = left.filter((one) => !isRefused(one) && !isOfContainer(one));
  const ports = udpPortsLost(first);
  return {
    exit: left.length > 0 ? 1 : 0,
    repaired: Math.max(0, before.length - left.length),
    leftOut,
    policies: [],
    unexplained,
    explained: left.length - unexplained.length,
    rulesOfContainers,
    unconnected: after.findings.filter(({ kind }) => kind === 'unconnected'),
    ...{ reference, after, ...done },
    flows: done.applies > 0 && ports.length > 0 ? await host.dropFlows(ports) : undefined,
    stuck: undefined,
  };
}

/** Tables that a restore leaves as they are, and why. */
const refusedIn = ({ tables }: Observation): readonly LeftOut[] =>
  (tables === undefined ? [] : plansFor(tables)).flatMap((plan) =>
    plan.refused === undefined
      ? []
      : [{ family: plan.family, table: plan.name, chain: '', rule: tableName(plan), reason: plan.refused }],
  );

/** Published UDP ports whose flows may have begun while nothing translated them. */
export function udpPortsLost({ tables, intent }: Observation): readonly UdpPort[] {
  const lost = new Set(
    (tables?.drifts ?? [])
      .filter(
        ({ name, chains }) =>
          name === BRIDGES_TABLE &&
          chains.some(
            (chain) =>
              [NAT_PREROUTING, NAT_OUTPUT, TRANSLATIONS].includes(chain.name) &&
              chain.missing.length + chain.surplus.length > 0,
          ),
      )
      .map(({ family }) => family),
  );
  return FAMILIES.filter((family) => lost.has(family)).flatMap((family) =>
    (intent?.[family]?.published ?? []).flatMap(({ proto, binding }): readonly UdpPort[] =>
      proto !== 'udp' || binding === undefined
        ? []
        : [
            {
              family,
              port: String(binding.port),
              ...(binding.address === '' || /^(?:0\.0\.0\.0|::)$/.test(binding.address)
                ? {}
                : { hostIp: binding.address }),
            },
          ],
    ),
  );
}
