import type { Inventory } from '../../docker/inventory/inventory.ts';
import type { DaemonSight } from '../../docker/settings.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { Family } from '../../net/family.ts';
import type { ContainerFacts, Inside, Unavailable } from '../facts/facts.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import type { FamilyRoutes, NativeTables } from '../facts/network-state.ts';
import type { Readings } from './readings.ts';
import type { LiveJson, RulesJson } from './rules-json.ts';
import type { TableJson } from './tables-json.ts';

export const FACTS_SCHEMA = 'https://rulesguard.dev/schemas/facts.schema.json';

export interface FaultJson {
  readonly fault: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly details: readonly string[];
  };
}

export interface InsideJson extends Omit<Inside, 'sysctls' | 'ownRules'> {
  readonly sysctls: Readonly<Record<string, string>>;
  readonly ownRules?: readonly {
    readonly variant: Variant;
    readonly ipv4: RulesJson;
    readonly ipv6: RulesJson;
  }[];
}

export interface ContainerJson extends Omit<ContainerFacts, 'inside'> {
  readonly inside?: InsideJson | Unavailable;
}

export type EngineJson =
  | {
      readonly answered: true;
      readonly inventory: Inventory;
      readonly socket: string;
      readonly daemons: DaemonSight;
      readonly interfaces: readonly string[];
    }
  | ({ readonly answered: false; readonly inventory?: Inventory } & FaultJson);

/** A file of facts; schemas/facts.schema.json describes it. */
export interface FactsJson extends Pick<
  Readings,
  'daemons' | 'proxies' | 'listeners' | 'nameServers' | 'stood'
> {
  readonly $schema: typeof FACTS_SCHEMA;
  readonly version: 1;
  readonly program: string;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly secrets: 'redacted';
  readonly rules: { readonly nft: LiveJson; readonly legacy: LiveJson | null } | FaultJson;
  readonly usual: Variant | null;
  readonly dockerTables: { readonly tables: readonly TableJson[] } | FaultJson | null;
  readonly engine: EngineJson;
  readonly containers: { readonly containers: readonly ContainerJson[] } | FaultJson;
  readonly sets: { readonly saved: string | null } | FaultJson;
  readonly natives: { readonly tables: NativeTables | null } | FaultJson;
  readonly links: { readonly links: readonly NetworkLink[] } | FaultJson;
  readonly routing: Readonly<Record<Family, FamilyRoutes | FaultJson>>;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly drops: { readonly conntrackDrops?: number; readonly reversePathDrops?: number };
  readonly stuckClients: number | null;
}
