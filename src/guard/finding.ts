import type { Level } from '../docker/shape.ts';
import type { Family } from '../iptables/model.ts';

/** `exposure`: protection is lost; `outage`: traffic is lost; `notice`: neither. */
export const SEVERITIES = ['exposure', 'outage', 'notice'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const FINDING_KINDS = [
  'chain-missing',
  'missing',
  'misplaced',
  'duplicate',
  'diverted',
  'content-lost',
  'policy',
  'stale',
  'extra',
  'orphan',
  'unknown-chain',
  'undecided',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One item of a drift, as people and programs are told it. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** The rule's text; absent when the finding is about the chain. */
  readonly rule?: string;
  readonly level?: Level;
  /** What it means for the containers, in one line. */
  readonly consequence: string;
}

/** Kinds that are no damage: nothing that should be there is lost, and restore leaves them alone. */
const HARMLESS: ReadonlySet<FindingKind> = new Set([
  'stale',
  'extra',
  'orphan',
  'unknown-chain',
  'undecided',
]);

/** Whether a finding means that something is broken (exit 1), not merely worth knowing. */
export function isDamage(finding: Pick<Finding, 'kind'>): boolean {
  return !HARMLESS.has(finding.kind);
}
