import type { OwnedChain, OwnedHost, OwnedRule, Undecided } from '../ownership/ownership.ts';
import type { HostRules } from '../text/model.ts';
import type { Family } from '../../../net/family.ts';
import type { Withheld } from '../desired/desired.ts';
import type { Stale } from '../desired/stale.ts';
import type { CoTenants, Diversion } from '../desired/liveness-terms.ts';
import type { Liveness } from '../desired/liveness.ts';

/** How one chain differs from the baseline. Empty sets everywhere: the chain is as it was. */
export interface ChainDrift {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly desired: OwnedChain;
  /** Every live rule of the chain in order, whoever owns it; none when the chain does not exist. */
  readonly live: readonly OwnedRule[];
  readonly exists: boolean;
  /** Indexes into `base.rules` of Docker's rules that are gone. */
  readonly missing: readonly number[];
  /** Texts with more copies than recorded, and how many extra copies. */
  readonly surplus: ReadonlyMap<string, number>;
  /** Texts in a place where their order no longer protects or serves anyone. */
  readonly misplaced: ReadonlySet<string>;
  /** Indexes into `base.rules` of DOCKER-USER's content, when that was emptied altogether; of declared rules, of each that is gone. */
  readonly lostContent: readonly number[];
}

export interface PolicyDrift {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly was: string;
  readonly is: string;
  /** The operator declared what it was. */
  readonly declared?: true;
}

/** A rule in its place. */
export interface RuleInChain {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly owned: OwnedRule;
}

/** The comparison of the live rules with what should be there. */
export interface Drift {
  /** Only chains that differ. */
  readonly chains: readonly ChainDrift[];
  readonly policies: readonly PolicyDrift[];
  /** Lost rules that must not come back: nothing that exists requires them any more. */
  readonly stale: readonly Stale[];
  /**
   * The user's own rules that are gone from a DOCKER-USER in which others of theirs are left: deleted on purpose or by
   * accident, nothing shows which. Never restored.
   */
  readonly lostSingly: readonly RuleInChain[];
  /** Rules of DOCKER-USER that are not declared, where anything is. Never touched. */
  readonly undeclared: readonly RuleInChain[];
  /** Rules of Docker's that are not expected: newer than the baseline, or left over. */
  readonly extras: readonly Extra[];
  readonly unknownChains: readonly {
    readonly family: Family;
    readonly table: string;
    readonly chain: string;
  }[];
  readonly undecided: readonly Undecided[];
}

/** The two sides of a comparison. */
export interface Sides {
  readonly desired: OwnedHost;
  readonly live: HostRules;
  readonly liveOwned: OwnedHost;
  /** What the Engine says of the rules; absent when it did not answer. */
  readonly engine?: EngineJudgement | undefined;
  /** Desired rules whose loss is reported, but which are not written: for each, why. */
  readonly withheld?: Withheld | undefined;
}

/** What the Engine says of the desired rules. */
export interface EngineJudgement {
  readonly liveness: Liveness;
  readonly coTenants: CoTenants;
  /** Recorded rules that were left out of the desired ones. */
  readonly stale: readonly Stale[];
}

/** A live rule of Docker's that nothing requires. */
export interface Extra {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly owned: OwnedRule;
  /** Why it is a leftover of Docker's; absent where it may be wanted. */
  readonly orphaned?: string;
  /** What a leftover still does to packets; absent where it does nothing. */
  readonly diverts?: Diversion;
}
