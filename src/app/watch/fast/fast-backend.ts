import type { EngineReply } from '../../../docker/engine-reply.ts';
import type { Variant } from '../../../firewall/iptables/text/model.ts';
import type { NftTable } from '../../../firewall/nftables/tables/model.ts';
import type { Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import type { LiveFirewall } from '../../../reconcile/tables/live-firewall.ts';
import type { Host } from '../../ports.ts';
import type { RepairOptions } from '../../restore/repair.ts';
import type { WatchRepair } from '../ports.ts';
import type { ResidentRules } from '../resident-rules.ts';

/** What a repair by the fast path did. */
export interface FastDone extends Pick<WatchRepair, 'journal' | 'left' | 'unjournaled'> {
  /** What it left. */
  readonly after: Observation;
}

/** What the fast path needs of one of Docker's firewall backends. */
export interface FastBackend {
  /** Whether nothing is lost, and what is read shows all there is. */
  readonly isWhole: (observation: Observation) => boolean;
  /** Tries all that brings Docker's rules back where none is left. @returns each step of it, by which `repair` knows what was tried. @throws Fault */
  readonly rehearse: (
    host: Host,
    reference: Reference,
    whole: Observation,
    known: ReadonlySet<string>,
  ) => Promise<ReadonlySet<string>>;
  /** Makes the plan of such a repair once: what is called for the first time takes ten times as long as the tenth time. */
  readonly warmUp: (reference: Reference, whole: Observation) => void;
  /** What it judges by. @throws Fault */
  readonly read: (
    rules: ResidentRules,
    variant: Variant,
    reference: Reference,
    asking: Promise<EngineReply>,
  ) => Promise<LiveFirewall>;
  /** Docker's own tables of nftables, as far as a repair depends on them. */
  readonly tables: (rules: ResidentRules) => Promise<readonly NftTable[]>;
  /** Whether a repair would only add, and nothing that was not tried. */
  readonly onlyAdds: (before: Observation, rehearsed: ReadonlySet<string>) => boolean;
  /** The caller holds the lock. @throws Fault */
  readonly repair: (
    host: Host,
    reference: Reference,
    before: Observation,
    options: Pick<RepairOptions, 'rehearsed' | 'continues'>,
  ) => Promise<FastDone>;
}
