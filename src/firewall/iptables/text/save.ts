import type { Chain, Rule, Ruleset, Table } from './model.ts';

/** One line of a save that is not a rule, kept so that it can be printed unchanged. */
export interface OtherLine {
  readonly kind: 'comment' | 'blank' | 'table' | 'chain' | 'commit';
  readonly raw: string;
}

/** A rule may span several lines (a newline inside a comment); it is one item all the same. */
export type SaveItem = OtherLine | Rule;

/** A save that was read: what it means, and every byte it was made of. */
export interface Save {
  readonly ruleset: Ruleset;
  /** Every line in order; joined with newlines they are the input again. */
  readonly items: readonly SaveItem[];
  /** Whether the last item ended in a newline. */
  readonly finalNewline: boolean;
}

/** A chain while it is being read. */
export interface OpenChain extends Chain {
  readonly rules: Rule[];
}

/** A table while it is being read. */
export interface OpenTable extends Table {
  readonly chains: Map<string, OpenChain>;
}
