import { eraOf } from '../../docker/era.ts';
import type { EngineReply } from '../../docker/engine-reply.ts';
import { intentOf } from '../../docker/intent/intent.ts';
import type { HostIntent } from '../../docker/intent/values.ts';
import { namedAddresses } from '../../docker/inventory/inventory.ts';
import { settingsFrom } from '../../docker/settings.ts';
import type { TableTerms } from '../../firewall/nftables/compare/chain.ts';
import { compareTables } from '../../firewall/nftables/compare/compare.ts';
import type { TableDrift } from '../../firewall/nftables/compare/drift.ts';
import { expectedTables } from '../../firewall/nftables/expected/expected.ts';
import { settingsInTables } from '../../firewall/nftables/expected/settings-in-tables.ts';
import {
  NONE_WITHDRAWN,
  planTableAgain,
  type TablePlan,
  type Withdrawn,
} from '../../firewall/nftables/plan/plan.ts';
import { simulateEdits } from '../../firewall/nftables/simulate/simulate.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { BRIDGES_TABLE } from '../../firewall/nftables/tables/names.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import type { Surroundings } from '../known-names.ts';
import type { StoredBaseline } from '../stored-baseline.ts';
import { vouchedFor, withoutUnknown } from './recorded.ts';

/** Docker's tables of nftables beside what the Engine requires of them. */
export interface TablesSide {
  readonly live: readonly NftTable[];
  readonly expected: readonly NftTable[];
  /** Of the live ones those of a family that Docker writes no more of. */
  readonly left: readonly NftTable[];
  readonly drifts: readonly TableDrift[];
  /**
   * Of what a restore plans: as {@link drifts}, but where no Engine answers without rules of containers, of which only whoever types
   * `--assume-unchanged` vouches that their addresses are still theirs.
   */
  readonly repairable: readonly TableDrift[];
}

/** The two sides of Docker's tables, and what they were compared by. */
export interface ComparedTables {
  readonly side: TablesSide;
  readonly intent: HostIntent;
  readonly surroundings: Surroundings;
}

/**
 * Compares Docker's tables with what its Engine requires.
 *
 * @param live - Docker's tables as they were read
 * @param limit - what of all that the Engine requires is asked for; all by default
 * @param shown - tables that show settings of dockerd which the Engine's API does not show: those before a change, where that may have
 *   lost what shows them
 * @returns undefined for an Engine of which it is not known what it means: none of those writes with nftables
 */
export function compareDockerTables(
  live: readonly NftTable[],
  { inventory, daemons }: Extract<EngineReply, { answered: true }>,
  limit: (required: readonly NftTable[]) => readonly NftTable[] = (required) => required,
  shown = live,
): ComparedTables | undefined {
  const era = eraOf(inventory.version);
  if (era === undefined) return undefined;
  const settings = settingsFrom({ inventory, facts: daemons.facts, rules: settingsInTables(shown) });
  const intent = intentOf(inventory, { era: era.policy, settings });
  const expected = limit(expectedTables(intent));
  const named = namedAddresses(inventory);
  const terms: TableTerms = {
    containers: new Map(named.map(({ address, container }) => [address, container])),
    bridges: new Set(inventory.networks.map(({ bridge }) => bridge)),
  };
  const drifts = compareTables(expected, live, terms);
  return {
    side: { live, expected, left: leftIn(live, intent), drifts, repairable: drifts },
    intent,
    surroundings: {
      networks: inventory.networks,
      containers: named,
      userlandProxy: settings.userlandProxy,
      rawIsolates: true,
      ...(inventory.setAside && { setAside: inventory.setAside }),
    },
  };
}

/** One that it writes is told by what it should hold, also where no such table is asked for. */
const leftIn = (live: readonly NftTable[], intent: HostIntent): readonly NftTable[] =>
  live.filter(({ name, family }) => name === BRIDGES_TABLE && intent[family] === undefined);

/** Docker's tables as plans leave them. */
export function tablesAfter(plans: readonly TablePlan[], live: readonly NftTable[]): readonly NftTable[] {
  const changed = new Set(plans.map(tableName));
  const made = plans.map((plan) => {
    const held = live.find(({ family, name }) => family === plan.family && name === plan.name);
    return simulateEdits(plan, held, plan.edits);
  });
  return [...live.filter((table) => !changed.has(tableName(table))), ...made].filter(
    (table) => table !== undefined,
  );
}

/**
 * How a restore repairs tables, each that needs something.
 *
 * @param assumeUnchanged - whether rules of containers come back although no Engine confirms them
 * @param withdraw - what an earlier attempt of the same repair wrote
 */
export const plansFor = (
  { drifts, repairable }: Pick<TablesSide, 'drifts' | 'repairable'>,
  { assumeUnchanged = false }: { readonly assumeUnchanged?: boolean } = {},
  withdraw: Withdrawn = NONE_WITHDRAWN,
): readonly TablePlan[] =>
  (assumeUnchanged ? drifts : repairable)
    .map((drift) => planTableAgain(drift, withdraw))
    .filter(({ edits, refused }) => edits.length > 0 || refused !== undefined);

/**
 * Compares Docker's tables with those a baseline recorded, while no Engine answers.
 *
 * @param live - Docker's tables as they were read
 */
export function compareRecordedTables(
  live: readonly NftTable[],
  { tables: expected, baseline }: StoredBaseline & { readonly tables: readonly NftTable[] },
): Omit<ComparedTables, 'intent'> {
  const { networks = [], containers = [] } = baseline.engine ?? {};
  const terms: TableTerms = {
    containers: new Map(containers.map(({ address, container }) => [address, container])),
    bridges: new Set(networks.map(({ bridge }) => bridge)),
  };
  const differing = (wanted: readonly NftTable[]): readonly TableDrift[] =>
    withoutUnknown(compareTables(wanted, live, terms));
  const drifts = differing(expected);
  const repairable = differing(vouchedFor(expected, live));
  return {
    side: { live, expected, left: [], drifts, repairable },
    surroundings: {
      ...{ networks, containers, rawIsolates: true },
      userlandProxy: settingsInTables(expected).userlandProxy() ?? true,
    },
  };
}

/** How many rules tables hold; an element that leads a bridge's packets to its chain counts as one. */
export const countTableRules = (tables: readonly NftTable[]): number =>
  tables
    .flatMap(({ chains, maps, sets }) => [
      ...[...chains.values()].map(({ rules }) => rules.length),
      ...[...maps.values()].map(({ elements }) => elements.size),
      ...[...sets.values()].map(({ elements }) => elements.length),
    ])
    .reduce((sum, number) => sum + number, 0);
