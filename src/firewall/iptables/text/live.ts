import type { HostRules, Variant } from './model.ts';

/** The rules of both families in one variant, read at one moment. */
export interface Live {
  readonly variant: Variant;
  /** Of the tool that saved them, e.g. `1.8.9`; undefined when there was nothing to save. */
  readonly version: string | undefined;
  readonly rules: HostRules;
  /** Why it is not known whether the save prints each rule in full; absent where it was compared with nft's own listing. */
  readonly unverified?: string;
  /** The chains concerned, as {@link import('./bytecode.ts').chainKey}; absent where all are. */
  readonly moving?: readonly string[];
}
