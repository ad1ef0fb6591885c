import type { Check, Target } from './diagnosis.ts';

/** What doctor was asked about, found among what there is; or why it was not. */
export interface Asked {
  readonly target: Target;
  /** Names of the containers meant by it. */
  readonly containers: ReadonlySet<string>;
  readonly trouble: readonly Check[];
}
