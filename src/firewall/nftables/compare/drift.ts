import type { Family } from '../../../net/family.ts';
import type { OwnedTableRule } from '../ownership/ownership.ts';
import type { NftChain, NftRule, NftTable } from '../tables/model.ts';

/** How one of Docker's tables differs from what it should hold. What stands in order and belongs there is not named. */
export interface TableDrift {
  readonly family: Family;
  readonly name: string;
  /** Undefined for a table that nothing requires. */
  readonly expected: NftTable | undefined;
  /** Undefined where the table is lost. */
  readonly live: NftTable | undefined;
  /** Each chain of Docker's that should be there and differs. */
  readonly chains: readonly TableChainDrift[];
  readonly maps: readonly ElementsDrift[];
  readonly sets: readonly ElementsDrift[];
  /** What is there and is not required: chains by name, `map NAME`, `set NAME`, and other objects as JSON. */
  readonly strays: readonly StrayObject[];
}

/** Of Docker's, for what is gone (`leftover`); or not Docker's. Neither is touched. */
export interface StrayObject {
  readonly what: string;
  readonly owner: 'leftover' | 'foreign';
  /** Of a chain. */
  readonly rules: readonly NftRule[];
}

export interface TableChainDrift {
  readonly table: string;
  readonly name: string;
  readonly expected: NftChain;
  /** Undefined where the chain is lost. */
  readonly live: NftChain | undefined;
  /** It is hooked in elsewhere, at another priority, or with another policy. */
  readonly isRehooked: boolean;
  readonly missing: readonly NftRule[];
  readonly surplus: readonly SurplusRule[];
  /** Not Docker's, in the order of the chain. They are kept. */
  readonly foreign: readonly NftRule[];
}

/**
 * A rule of the chain that should not be there, or not in this place.
 *
 * - `misplaced`: it is required, and stands where its order no longer protects or serves anyone
 * - `duplicate`: one more copy of a rule that is required once
 * - `diverted`: a translation that leads packets of a required one elsewhere, or to an address that another container has now
 * - `leftover`: of Docker's, about an address or a bridge that is gone
 * - `unexpected`: of Docker's, about something that exists, and not required
 */
export interface SurplusRule {
  readonly is: 'misplaced' | 'duplicate' | 'diverted' | 'leftover' | 'unexpected';
  readonly owned: OwnedTableRule;
  /** Of `diverted`: whom it leads to, and the required translation whose packets it takes, as far as each is known. */
  readonly container?: string | undefined;
  readonly instead?: NftRule | undefined;
}

/** How the elements of a map or set differ. */
export interface ElementsDrift {
  readonly name: string;
  readonly type: string;
  readonly exists: boolean;
  /** It is there with another type, or with features that Docker's has not. */
  readonly isRetyped: boolean;
  /** With what each should lead to; '' in a set. */
  readonly missing: ReadonlyMap<string, string>;
  readonly wrong: readonly WrongElement[];
  readonly strays: readonly StrayElement[];
}

export interface WrongElement {
  readonly key: string;
  readonly expected: string;
  readonly live: string;
}

export interface StrayElement {
  readonly key: string;
  readonly live: string;
  readonly owner: 'leftover' | 'foreign';
}
