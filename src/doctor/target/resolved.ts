import type { Check, DoctorTarget } from '../diagnosis.ts';

/** The target of a diagnosis, found among what there is; or why it was not found. */
export interface ResolvedTarget {
  readonly target: DoctorTarget;
  /** Names of the containers it means. */
  readonly containers: ReadonlySet<string>;
  readonly trouble: readonly Check[];
}
