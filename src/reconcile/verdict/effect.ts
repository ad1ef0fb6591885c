import type { Cause } from '../../reach/judge/cause.ts';
import type { Effect } from '../../reach/cell.ts';
import type { Decider } from '../../reach/judge/decider.ts';
import type { EffectGroup } from '../../reach/judge/groups.ts';
import type { JudgedCell } from '../../reach/judge/judge.ts';
import type { Acceptance } from '../accept/acceptance.ts';
import type { Finding } from '../finding.ts';

/**
 * One thing that a check found: what it means for packets, whom it concerns and what decides it. `notice`: rules of Docker's are lost,
 * and no packet fares otherwise today. How it reads is `report/check/words.ts`.
 */
export interface CheckEffect {
  /** Hexadecimal digits: the same while the effect, whom it concerns and what decides it stay the same. */
  readonly id: string;
  readonly effect: Exclude<Effect, 'same' | 'operator'> | 'notice';
  /** `unread`: something could not be read. */
  readonly cause: Exclude<Cause, 'operator'> | 'unread';
  readonly shown: EffectSource;
  /** How many cells show it; 0 where none asks about it. */
  readonly cells: number;
  /** What decides, of an effect that is not Docker's loss: each once, that of most cells first. */
  readonly deciders: readonly Decider[];
  /** What can be typed against it, where neither restore nor a decider's removal is the answer. */
  readonly remedy?: string;
  /** A digest of each cell or rule it consists of. */
  readonly covers: readonly string[];
  /** Of cells that differ since rules are lost: a digest of each such rule. Accepted with the effect, and no part of its id. */
  readonly rules?: readonly string[];
  /** It was accepted until a day that has passed. */
  readonly expired?: Pick<Acceptance, 'until' | 'reason'>;
}

/** What shows an effect. */
export type EffectSource =
  | { readonly by: 'cells'; readonly group: EffectGroup<JudgedCell> }
  /** Findings that no cell asks about, all with one consequence. */
  | { readonly by: 'findings'; readonly findings: readonly Finding[] }
  /** Chains are gone without which Docker's own commands fail. */
  | { readonly by: 'chains'; readonly findings: readonly Finding[] }
  /** Rules are lost, and no cell differs. */
  | { readonly by: 'idle-rules'; readonly findings: readonly Finding[] }
  | { readonly by: 'unread'; readonly part: UnreadPart };

/** Something that decides about packets and could not be read. */
export interface UnreadPart {
  readonly what: string;
  readonly why: string;
  readonly hint: string | undefined;
  /** It could be read, and is not judged: no other way is unknown for it. */
  readonly isAside?: true;
}

/** An acceptance that holds today, and how many cells and rules it covers here. */
export interface AcceptedPart extends Pick<Acceptance, 'id' | 'until' | 'reason' | 'headline'> {
  readonly covered: number;
}
