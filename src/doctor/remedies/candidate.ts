import type { Remedy } from '../diagnosis.ts';
import type { Change } from './change.ts';

/** One command, and what it changes. */
export interface Step {
  readonly command: string;
  readonly change: Change;
}

/** A remedy to be tried. */
export interface Candidate {
  /** What it does, or when to choose it, in short. */
  readonly what: string;
  readonly steps: readonly Step[];
}

export const candidate = (what: string, ...steps: readonly Step[]): Candidate => ({ what, steps });

export const remedyOf = ({ what, steps }: Candidate): Remedy => ({
  what,
  commands: steps.map(({ command }) => command),
});
