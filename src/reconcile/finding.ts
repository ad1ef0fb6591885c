import type { Level } from '../firewall/iptables/ownership/purpose.ts';
import type { Family } from '../net/family.ts';

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
  'declared-missing',
  'declared-bypassed',
  'declared-policy',
  'declared-table',
  'policy',
  'stale',
  'extra',
  'orphan',
  'unknown-chain',
  'undecided',
  'unconnected',
  'ports-unknown',
  'unreadable',
  'user-rule-gone',
  'undeclared',
  'half-healed',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One item of a drift, as people and programs see it. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** The rule's text; absent when the finding is about the chain. */
  readonly rule?: string;
  readonly level?: Level;
  /** The container it is about; without a rule, its place is where the rules of the container's ports would be. */
  readonly container?: string;
  /** The command that repairs it, or what to do, where `restore` does not. */
  readonly remedy?: string;
  /** Of `half-healed`: between which moments the table was lost (ISO 8601, UTC), as far as that is known. */
  readonly lost?: { readonly after?: string; readonly before?: string };
  /** What it means for the containers, in one line. */
  readonly consequence: string;
}

/** Kinds that are not damage to rules: no expected rule is lost, and restore leaves them alone. */
const HARMLESS: ReadonlySet<FindingKind> = new Set([
  'stale',
  'extra',
  'orphan',
  'unknown-chain',
  'undecided',
  'unconnected',
  'ports-unknown',
  'unreadable',
  'user-rule-gone',
  'undeclared',
  'half-healed',
]);

/** Whether a finding means that rules are lost or out of place, so that restore has something to do. */
export function isDamage(finding: Pick<Finding, 'kind'>): boolean {
  return !HARMLESS.has(finding.kind);
}

/** Whether a finding means that something the operator declared does not hold. */
export const isDeclared = ({ kind }: Pick<Finding, 'kind'>): boolean => kind.startsWith('declared-');

/**
 * Whether a finding is the loss of Docker's RETURN at the end of DOCKER-USER (Engines up to 27): packets return from there all the same, and
 * whoever flushes the chain to fill it anew loses it.
 */
export const isIdle = ({ kind, rule }: Pick<Finding, 'kind' | 'rule'>): boolean =>
  kind === 'missing' && rule === '-A DOCKER-USER -j RETURN';

/** Whether a finding means that something is broken (exit 1 of check), even if restore can write no rule against it. */
export function isBroken(finding: Pick<Finding, 'kind' | 'rule'>): boolean {
  return finding.kind === 'unconnected' || (isDamage(finding) && !isIdle(finding));
}

/** Orders findings by severity. */
export const worstFirst = (a: Pick<Finding, 'severity'>, b: Pick<Finding, 'severity'>): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);

/** Findings that a repair could still fix, policies set apart because they are changed only on request. */
export function leftAfter(findings: readonly Finding[]): {
  readonly damage: readonly Finding[];
  readonly policies: readonly Finding[];
} {
  const damage = findings.filter(isDamage);
  return {
    damage: damage.filter(({ kind }) => kind !== 'policy'),
    policies: damage.filter(({ kind }) => kind === 'policy'),
  };
}
