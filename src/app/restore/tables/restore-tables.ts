import { writesNftables } from '../../../docker/firewall-backend.ts';
import {
  BRIDGES_TABLE,
  NAT_OUTPUT,
  NAT_PREROUTING,
  TRANSLATIONS,
} from '../../../firewall/nftables/tables/names.ts';
import { FAMILIES } from '../../../net/family.ts';
import type { UdpPort } from '../../../reconcile/flows.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import type { LeftOut } from '../../../firewall/iptables/plan/edit.ts';
import type { Finding } from '../../../reconcile/finding.ts';
import type { Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import type { RestoreResult } from '../../../reconcile/repair-result.ts';
import type { Applier } from '../apply.ts';
import type { RepairOptions } from '../repair.ts';
import { damageIn, repairTables } from './repair-tables.ts';

/** Whether a restore of this host is one of Docker's own tables. */
export const restoresTables = ({ engine, tables }: Observation): boolean =>
  tables !== undefined && engine.answered && writesNftables(engine.inventory);

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
  const [before, left] = [damageIn(first), damageIn(after)];
  const leftOut = refusedIn(after);
  const isExplained = ({ family, table }: Finding): boolean =>
    leftOut.some((one) => one.family === family && one.table === table);
  const explained = left.filter(isExplained).length;
  const ports = udpPortsLost(first);
  return {
    exit: left.length > 0 ? 1 : 0,
    repaired: Math.max(0, before.length - left.length),
    steps: applied.reduce((sum, { plans }) => sum + plans.reduce((n, { edits }) => n + edits.length, 0), 0),
    leftOut,
    policies: [],
    unexplained: left.filter((one) => !isExplained(one)),
    explained,
    rulesOfContainers: 0,
    unconnected: after.findings.filter(({ kind }) => kind === 'unconnected'),
    ...{ reference, after, unjournaled },
    applies: applied.length,
    journal: applied.flatMap(({ noted }) => noted.id ?? []),
    flows: applied.length > 0 && ports.length > 0 ? await host.dropFlows(ports) : undefined,
    stuck: undefined,
  };
}

/** Tables that a restore leaves as they are, and why. */
const refusedIn = ({ tables }: Observation): readonly LeftOut[] =>
  (tables?.plans ?? []).flatMap((plan) =>
    plan.refused === undefined
      ? []
      : [{ family: plan.family, table: plan.name, chain: '', rule: tableName(plan), reason: plan.refused }],
  );

/** Published UDP ports whose flows may have begun while nothing translated them. */
function udpPortsLost({ tables, intent }: Observation): readonly UdpPort[] {
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
