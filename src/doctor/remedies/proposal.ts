import type { Remedy } from '../diagnosis.ts';
import type { RemedyChange } from './change.ts';

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
