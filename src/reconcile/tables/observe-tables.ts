import type { EngineReply } from '../../docker/engine-reply.ts';
import type { HostIntent } from '../../docker/intent/values.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { Fault } from '../../fault.ts';
import { containerFindings } from '../container-findings.ts';
import { worstFirst, type Finding } from '../finding.ts';
import type { Reference } from '../reference.ts';
import { tableFindings } from './findings.ts';
import { iptablesLeftovers } from './leftovers.ts';
import { compareDockerTables, type TablesSide } from './side.ts';

/** What is found on a host whose Engine writes with nftables. */
export interface ObservedTables {
  readonly side: TablesSide;
  readonly intent: HostIntent;
  readonly findings: readonly Finding[];
}

/**
 * Docker's own tables against what its Engine requires. In iptables it requires nothing, so that a baseline of iptables' rules says
 * nothing here.
 *
 * @param rules - of iptables: what is left there of Docker's
 * @throws Fault RG_ENGINE_NFTABLES where the baseline alone was asked for
 */
export function observeTables(
  source: Reference['source'],
  live: { readonly tables: readonly NftTable[]; readonly rules: HostRules },
  engine: Extract<EngineReply, { answered: true }>,
): ObservedTables {
  if (source === 'baseline')
    throw new Fault(
      'RG_ENGINE_NFTABLES',
      3,
      "baselines hold rules of iptables, and this Engine writes with nftables: what its tables should hold is computed from the Engine's answers",
      { hint: 'rulesguard check --source engine' },
    );
  const { inventory } = engine;
  const compared = compareDockerTables(live.tables, engine);
  if (compared === undefined)
    throw new Fault(
      'RG_ENGINE_UNKNOWN',
      3,
      `which tables Engine ${inventory.version} requires is not known here`,
    );
  const { side, intent, surroundings } = compared;
  const findings = [
    ...side.drifts.flatMap((drift) => tableFindings(drift, surroundings)),
    ...iptablesLeftovers(live.rules),
    ...containerFindings(inventory),
  ].sort(worstFirst);
  return { side, intent, findings };
}
