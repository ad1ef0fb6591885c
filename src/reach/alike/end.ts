import type { PlacedRule } from './rule-index.ts';

/** One end of a packet that is asked about. Ports are 0 where none is. */
export interface End {
  readonly address: string;
  readonly port: number;
  readonly hostPort: number;
}

/** A class of ends whose packets fare alike, and the rules that only this end meets, in order. */
export interface EndClass {
  /** A number for each class. */
  readonly id: number;
  readonly placed: readonly PlacedRule[];
  /** Containers other than this end that its packets may be led to. */
  readonly elsewhere: readonly string[];
}
