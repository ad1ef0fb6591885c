import type { EngineReply } from '../../docker/engine-reply.ts';
import type { HostIntent } from '../../docker/intent/values.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { Fault } from '../../fault.ts';
import { containerFindings } from '../container-findings.ts';
import { worstFirst, type Finding } from '../finding.ts';
import type { Surroundings } from '../known-names.ts';
import { isOwnBaseline, type Reference } from '../reference.ts';
import type { StoredBaseline } from '../stored-baseline.ts';
import { tableFindings } from './findings.ts';
import { leftTables } from './left-tables.ts';
import { iptablesLeftovers } from './leftovers.ts';
import { NO_TIMES, type KnownTimes } from './loss-times.ts';
import { recordedOf, withoutAccepted } from './recorded.ts';
import { compareDockerTables, compareRecordedTables, type TablesSide } from './side.ts';

/** What is found on a host whose Engine writes with nftables. */
export interface ObservedTables {
  readonly side: TablesSide;
  /** Undefined where no Engine answers. */
  readonly intent: HostIntent | undefined;
  readonly findings: readonly Finding[];
}

/** What was read of the host. In `rules`, of iptables, nothing of Docker's is required: what is left there is told. */
interface ReadTables {
  readonly tables: readonly NftTable[];
  readonly rules: HostRules;
}

/**
 * Docker's own tables against what its Engine requires. In iptables it requires nothing, so that a baseline of iptables' rules says
 * nothing here.
 *
 * @throws Fault RG_ENGINE_NFTABLES where a baseline alone was asked for, and holds none of these tables
 */
export function observeTables(
  reference: Reference,
  live: ReadTables,
  engine: Extract<EngineReply, { answered: true }>,
): ObservedTables {
  const { source, stored, repaired } = reference;
  const recorded = isOwnBaseline(reference) ? stored?.tables : undefined;
  if (source === 'baseline' && recorded === undefined) throw noTablesRecorded(stored?.id);
  const { inventory } = engine;
  const compared = compareDockerTables(live.tables, engine, (required) =>
    source === 'baseline' && recorded !== undefined
      ? recordedOf(required, recorded)
      : withoutAccepted(required, recorded === undefined ? [] : (stored?.baseline.nftables?.accepted ?? [])),
  );
  if (compared === undefined)
    throw new Fault(
      'RG_ENGINE_UNKNOWN',
      3,
      `which tables Engine ${inventory.version} requires is not known here`,
    );
  const { side, intent, surroundings } = compared;
  const { networks, endpoints } = inventory;
  const times = {
    ...{ networks, endpoints, repaired },
    baseline: isOwnBaseline(reference) ? stored : undefined,
  };
  const { count } = engine.daemons;
  const findings = [
    ...foundIn(
      side.drifts.filter(({ live: held }) => held === undefined || !side.left.includes(held)),
      surroundings,
      live.rules,
      times,
    ),
    ...leftTables(side.left, {
      since: 'before Docker was told to leave this family alone',
      isAlone: count === 1,
    }),
    ...containerFindings(inventory),
  ];
  return { side, intent, findings: findings.sort(worstFirst) };
}

/** Docker's own tables against those a baseline recorded, while no Engine answers. */
export function observeRecordedTables(
  stored: StoredBaseline & { readonly tables: readonly NftTable[] },
  live: ReadTables,
): ObservedTables {
  const { side, surroundings } = compareRecordedTables(live.tables, stored);
  const times = stored.own ? { ...NO_TIMES, baseline: stored } : NO_TIMES;
  const findings = [...foundIn(side.drifts, surroundings, live.rules, times)];
  return { side, intent: undefined, findings: findings.sort(worstFirst) };
}

const foundIn = (
  drifts: TablesSide['drifts'],
  surroundings: Surroundings,
  rules: HostRules,
  times: KnownTimes,
): readonly Finding[] => [
  ...drifts.flatMap((drift) => tableFindings(drift, surroundings, times)),
  ...iptablesLeftovers(rules),
];

const noTablesRecorded = (id: string | undefined): Fault =>
  new Fault(
    'RG_ENGINE_NFTABLES',
    3,
    id === undefined
      ? "no baseline holds this Engine's tables of nftables"
      : `baseline ${id} does not hold this Engine's tables of nftables, or nothing proves that it was recorded on this host`,
    { hint: 'Compare with what the Engine requires: rulesguard check --source engine' },
  );
