/** What became of `hook pre`. */
export interface FiredPre {
  readonly outcome: 'recorded' | 'unchanged' | 'damaged' | 'nothing' | 'off' | 'failed';
  /** In a few words, for people. */
  readonly says: string;
  /** Id of the baseline that holds the state before the change. */
  readonly baseline?: string;
}

/** What became of `hook post`. */
export interface FiredPost {
  readonly outcome: 'intact' | 'repaired' | 'left' | 'reported' | 'nothing' | 'off' | 'failed';
  readonly says: string;
}

/** When, ISO 8601 in UTC. */
interface At {
  readonly at: string;
}

/** When a target's hook last fired. `schemas/hook-fired.schema.json` describes it. */
export interface Fired {
  readonly target: string;
  readonly pre?: FiredPre & At;
  readonly post?: FiredPost & At;
}
