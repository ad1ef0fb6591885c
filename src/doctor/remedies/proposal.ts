import type { Remedy } from '../diagnosis.ts';
import type { RemedyChange, UntriedKind } from './change.ts';

/** One command, and what it changes. */
export interface RemedyStep {
  readonly command: string;
  readonly change: RemedyChange;
}

/** A remedy to be tried. */
export interface Proposal {
  /** What it does, or when to choose it, in short. */
  readonly what: string;
  readonly steps: readonly RemedyStep[];
}

export const proposal = (what: string, ...steps: readonly RemedyStep[]): Proposal => ({ what, steps });

export const remedyOf = ({ what, steps }: Proposal): Remedy => ({
  what,
  commands: steps.map(({ command }) => command),
});

/**
 * A remedy that is not tried in memory, of commands to be typed in order.
 *
 * @param kind - why not, see `UNTRIED`
 */
export const untried = (_kind: UntriedKind, what: string, ...commands: readonly string[]): Remedy => ({
  what,
  commands,
});

/** A remedy without a command. */
export const advise = (what: string): Remedy => ({ what, commands: [] });
