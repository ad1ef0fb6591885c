import type { NftBase, NftRule } from './model.ts';

/** One change of a table; a list of them is made as a whole or not at all. */
export type TableEdit =
  | { readonly edit: 'add-table' }
  | { readonly edit: 'delete-table' }
  /** A chain that is there keeps its rules, and gets this policy. */
  | { readonly edit: 'add-chain'; readonly chain: string; readonly base: NftBase | undefined }
  | { readonly edit: 'delete-chain'; readonly chain: string }
  | { readonly edit: 'add-map' | 'add-set'; readonly name: string; readonly type: string }
  | {
      readonly edit: 'add-rule';
      readonly chain: string;
      readonly rule: NftRule;
      readonly before?: number | undefined;
    }
  | { readonly edit: 'delete-rule'; readonly chain: string; readonly handle: number }
  /** A value of '' for an element of a set. */
  | { readonly edit: 'add-element'; readonly of: string; readonly key: string; readonly value: string }
  | { readonly edit: 'delete-element'; readonly of: string; readonly key: string };
