import type { Variant, HostRules } from '../text/model.ts';

/** The live rules that a command or a file would change. */
export interface LiveRules {
  readonly variant: Variant;
  readonly rules: HostRules;
}
