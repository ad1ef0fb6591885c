import type { StoredBaseline } from './stored-baseline.ts';
import type { EngineReply } from '../docker/engine-reply.ts';
import type { Fault } from '../fault.ts';
import type { StoodRule } from '../reach/judge/foreign.ts';
import type { Declaration } from '../firewall/iptables/desired/declared.ts';

/** Which rules should be there: those recorded, those the Engine requires, or both. */
export const SOURCES = ['baseline', 'engine', 'both'] as const;

/** What is declared should be there in any case; with `declared` nothing else, as before dockerd has started. */
export type ReferenceSource = (typeof SOURCES)[number] | 'declared';

/** What the live rules are compared with, beside the Engine's reply. */
export interface Reference {
  readonly source: ReferenceSource;
  /** Undefined when none was recorded, or when the source is the Engine alone. */
  readonly stored: StoredBaseline | undefined;
  /** What the operator declared; absent where nothing is, and where it is not asked. */
  readonly declared?: Declaration | undefined;
  /** Whether a baseline counts as this host's own though nothing proves it (`--trust-baseline`). */
  readonly trusting?: boolean;
  /** Why there is no baseline, for when the Engine does not answer either. */
  readonly noBaseline?: Fault | undefined;
  /** What of others stood in the newest baseline of another host, whose facts these are: the baseline itself is not in them. */
  readonly stood?: readonly StoodRule[];
  /** Undefined where nothing tells of any. */
  readonly repaired?: TablesRepair | undefined;
}

/** A restore after which some of Docker's own tables of nftables were whole. */
export interface TablesRepair {
  /** Of its entry in the journal. */
  readonly id: string;
  /** When it began (ISO 8601, UTC). */
  readonly at: string;
  /** `ip docker-bridges`. */
  readonly tables: readonly string[];
}

/**
 * Whether `restore` may open a FORWARD policy again. No Engine requires ACCEPT, so only a baseline of this host's own asks for
 * it, and that only where no Engine answers.
 */
export const opensPolicies = (engine: Pick<EngineReply, 'answered'>, own: boolean): boolean =>
  !engine.answered && own;

/** Whether a baseline was recorded on this host, or is to count as if it had been. */
export const isOwnBaseline = ({ stored, trusting }: Pick<Reference, 'stored' | 'trusting'>): boolean =>
  stored?.own === true || trusting === true;
