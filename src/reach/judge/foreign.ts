import type { Family } from '../../net/family.ts';

/**
 * Rules, policies and nftables' own chains of others than Docker, by name and text: what stood when a baseline was recorded.
 * Nothing is ever written from it.
 */
export type Foreign = readonly {
  /** Absent for nftables' own tables, whose name says it. */
  readonly family?: Family;
  readonly table: string;
  readonly chain: string;
  /** '' for the chain's policy. */
  readonly rule: string;
}[];

/** How one of them is known again: without what changes by itself, such as counters. */
export const foreignKey = ({ family, table, chain, rule }: Foreign[number]): string =>
  [family ?? '', table, chain, rule.replaceAll(/\bcounter packets \d+ bytes \d+/g, 'counter')].join(' ');
