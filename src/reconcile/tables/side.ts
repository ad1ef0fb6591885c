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
import { planTable, type TablePlan } from '../../firewall/nftables/plan/plan.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import type { Surroundings } from '../known-names.ts';

/** Docker's tables of nftables beside what the Engine requires of them. */
export interface TablesSide {
  readonly live: readonly NftTable[];
  readonly expected: readonly NftTable[];
  readonly drifts: readonly TableDrift[];
  /** How a restore repairs each of them, those that need nothing left out. */
  readonly plans: readonly TablePlan[];
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
 * @param live - Docker's tables as they were read; they also show settings of dockerd that the Engine's API does not show
 * @returns undefined for an Engine of which it is not known what it means: none of those writes with nftables
 */
export function compareDockerTables(
  live: readonly NftTable[],
  { inventory, daemons }: Extract<EngineReply, { answered: true }>,
): ComparedTables | undefined {
  const era = eraOf(inventory.version);
  if (era === undefined) return undefined;
  const settings = settingsFrom({ inventory, facts: daemons.facts, rules: settingsInTables(live) });
  const intent = intentOf(inventory, { era: era.policy, settings });
  const expected = expectedTables(intent);
  const named = namedAddresses(inventory);
  const terms: TableTerms = {
    containers: new Map(named.map(({ address, container }) => [address, container])),
    bridges: new Set(inventory.networks.map(({ bridge }) => bridge)),
  };
  const drifts = compareTables(expected, live, terms);
  const plans = drifts
    .map(planTable)
    .filter(({ edits, refused }) => edits.length > 0 || refused !== undefined);
  return {
    side: { live, expected, drifts, plans },
    intent,
    surroundings: {
      networks: inventory.networks,
      containers: named,
      userlandProxy: settings.userlandProxy,
      rawIsolates: true,
    },
  };
}

/** What would be left to repair of tables: nothing, where the plans for them were right. */
export const leftAfterPlans = (
  tables: readonly NftTable[],
  engine: Extract<EngineReply, { answered: true }>,
): readonly TablePlan[] =>
  (compareDockerTables(tables, engine)?.side.plans ?? []).filter(({ edits }) => edits.length > 0);

/** How many rules of Docker's should be there; an element that leads a bridge's packets to its chain counts as one. */
export const countTableRules = (tables: readonly NftTable[]): number =>
  tables
    .flatMap(({ chains, maps, sets }) => [
      ...[...chains.values()].map(({ rules }) => rules.length),
      ...[...maps.values()].map(({ elements }) => elements.size),
      ...[...sets.values()].map(({ elements }) => elements.length),
    ])
    .reduce((sum, number) => sum + number, 0);
