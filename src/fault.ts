import { printable } from './printable.ts';

/** What the process exits with when a fault ends it (docs/integration.md#exit-codes). */
export type FaultExit = 1 | 2 | 3 | 4;

/** Stable codes: for logs, for scripts, and to look up in docs/faults.md. */
export type FaultCode =
  | 'RG_USAGE'
  | 'RG_CONFIG'
  | 'RG_DECLARED'
  | 'RG_INTERNAL'
  | 'RG_PARSE'
  | 'RG_INCOMPATIBLE'
  | 'RG_REFUSED_INPUT'
  | 'RG_COMMAND'
  | 'RG_SYSTEM'
  | 'RG_OUTPUT'
  | 'RG_TIMEOUT'
  | 'RG_MISSING_TOOL'
  | 'RG_MODULES'
  | 'RG_PRIVILEGE'
  | 'RG_VARIANTS_SPLIT'
  | 'RG_NO_DOCKER_RULES'
  | 'RG_UNSETTLED'
  | 'RG_FACTS'
  | 'RG_PEER'
  | 'RG_BASELINE'
  | 'RG_ACCEPTED'
  | 'RG_NO_BASELINE'
  | 'RG_UNSAFE_FILE'
  | 'RG_DAMAGED'
  | 'RG_PLAN'
  | 'RG_CHANGED'
  | 'RG_REHEARSAL'
  | 'RG_NOT_REPAIRED'
  | 'RG_UNPREDICTABLE'
  | 'RG_PENDING'
  | 'RG_BUSY'
  | 'RG_HOOK_TARGET'
  | 'RG_HOOK_FILE'
  | 'RG_HOOK_PROGRAM'
  | 'RG_ENGINE_ABSENT'
  | 'RG_ENGINE_DOWN'
  | 'RG_ENGINE_PRIVILEGE'
  | 'RG_ENGINE_HUNG'
  | 'RG_ENGINE_UNTRUSTED'
  | 'RG_ENGINE_REMOTE'
  | 'RG_ENGINE_ROOTLESS'
  | 'RG_ENGINE_ELSEWHERE'
  | 'RG_ENGINE_ANSWER'
  | 'RG_ENGINE_MANY'
  | 'RG_ENGINE_NFTABLES'
  | 'RG_ENGINE_NO_IPTABLES'
  | 'RG_ENGINE_UNKNOWN';

/** What a fault carries beside its message. */
export interface FaultFacts {
  /** The next thing to do, as a sentence or a command to type. */
  readonly hint?: string;
  /** Facts below the headline, one line each. */
  readonly details?: readonly string[];
  /** What people are shown in place of the details, where those are more than a screen; absent where they see all. */
  readonly summary?: readonly string[];
  readonly cause?: unknown;
}

/**
 * "Could not do the job": the only thing this program throws on purpose. Findings are values; a fault is not one.
 * All that it says is safe to print, each text on one line: it quotes rules, names and answers that others made.
 *
 * @param code - stable code, see {@link FaultCode}
 * @param exit - the process's exit status
 * @param message - one sentence: what happened and what it means
 */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly exit: FaultExit;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  /** The details as people are shown them. */
  readonly summary: readonly string[];

  constructor(code: FaultCode, exit: FaultExit, message: string, facts: FaultFacts = {}) {
    super(printable(message), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'Fault';
    this.code = code;
    this.exit = exit;
    this.hint = facts.hint === undefined ? undefined : printable(facts.hint);
    this.details = facts.details?.map(printable) ?? [];
    this.summary = facts.summary?.map(printable) ?? this.details;
  }
}
