import type { EngineReply } from '../../docker/engine-reply.ts';
import type { Fault } from '../../fault.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import type { Family } from '../../net/family.ts';
import type { StoodRule } from '../../reach/judge/foreign.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import type { ContainerFacts, DockerProxy, Facts, ListeningSocket } from '../facts/facts.ts';
import type { FamilyRoutes, NativeTables } from '../facts/network-state.ts';

/** What a source gave, or the fault in its place. */
export type SourceReading<Value> = { readonly gave: Value } | { readonly fault: Fault };

/**
 * All that was read of a host, source by source, before anything was made of it: facts are gathered from readings of another host as they are
 * from this one ({@link import('../../app/diagnose/gather.ts').gatherFacts}).
 */
export interface Readings {
  /** Both variants of iptables; undefined for the one that holds no table. */
  readonly rules: SourceReading<{ readonly nft: Live; readonly legacy: Live | undefined }>;
  /** The variant of plain `iptables`. */
  readonly usual: Variant | undefined;
  /** Docker's own tables of nftables; undefined where nobody asked for them. */
  readonly dockerTables: SourceReading<readonly NftTable[]> | undefined;
  readonly engine: EngineReply;
  readonly containers: SourceReading<readonly ContainerFacts[]>;
  /** How many dockerd run in this network namespace. */
  readonly daemons: number;
  readonly proxies: readonly DockerProxy[];
  readonly listeners: readonly ListeningSocket[];
  readonly nameServers: readonly string[];
  /** What `ipset save` prints. */
  readonly sets: SourceReading<string | null>;
  readonly natives: SourceReading<NativeTables | null>;
  readonly links: SourceReading<readonly NetworkLink[]>;
  readonly routing: Readonly<Record<Family, SourceReading<FamilyRoutes>>>;
  readonly sysctls: ReadonlyMap<string, string>;
  readonly drops: Pick<Facts, 'conntrackDrops' | 'reversePathDrops'>;
  readonly stuckClients: number | undefined;
  /** What of others decided when the newest baseline was recorded. */
  readonly stood: readonly StoodRule[];
}

/** Where and when a host was read, and by which rulesguard. */
export interface ReadingAbout {
  readonly host: string;
  /** By that host's clock: ISO 8601, UTC. */
  readonly time: string;
  /** Version of rulesguard. */
  readonly program: string;
}
