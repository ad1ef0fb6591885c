import type { Finding } from '../../reconcile/finding.ts';
import type { CheckHead } from '../check-text.ts';
import type { HostVerdict } from '../../reconcile/verdict/verdict.ts';

/** How much a check prints: one screen; the rules that are lost too; or everything. */
export type CheckDetail = 'screen' | 'rules' | 'all';

/** What a check's text is made of. */
export interface CheckReport {
  readonly verdict: HostVerdict;
  readonly findings: readonly Finding[];
  readonly head: CheckHead;
  /** Commands that were tried in memory and repair an effect, by its id. */
  readonly removals: ReadonlyMap<string, string>;
  /** Why a restore would change nothing though rules are lost, each reason once; absent where it repairs something. */
  readonly irreparable?: readonly string[] | undefined;
}
