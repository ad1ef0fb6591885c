import type { Family } from '../../net/family.ts';
import type { AskedFor, Asker, Effect } from '../cell.ts';
import type { Decider } from './decider.ts';

/**
 * What of others than Docker decided about ways when a baseline was recorded: rules, policies and nftables' own chains, by name and text.
 * Nothing is ever written from it.
 */
export interface StoodRule {
  /** Absent for nftables' own tables, whose name says it. */
  readonly family?: Family;
  readonly table: string;
  readonly chain: string;
  /** '' for the chain's policy. */
  readonly rule: string;
  /** The kinds of ways it closed, opened or left unknown, as {@link wayOf} names them; {@link AS_DECLARED} for what is declared. */
  readonly ways: readonly string[];
}

/** In the place of a way: the operator declared the rule, so that whatever it closes he means. */
export const AS_DECLARED = 'declared';

/**
 * The kind of way that a cell is of, and what the difference is for packets: `outage outside eth0 published`. A rule that stood in a
 * baseline and now decides about ways of another kind has been moved, or others were taken away before it.
 */
export function wayOf(asker: Asker, asked: AskedFor, effect: Effect): string {
  const from =
    asker.by === 'outside' ? `outside ${asker.interface}` : asker.by === 'host' ? 'host' : asker.is;
  return `${effect} ${from} ${asked.what}`;
}

/** How a rule is known again: without what changes by itself, such as counters. */
export function stoodKey(decider: Exclude<Decider, { by: 'kernel' }>): string {
  return keyOfStood(stoodFrom(decider));
}

/** The key of a rule that stood. */
export const keyOfStood = ({ family, table, chain, rule }: Omit<StoodRule, 'ways'>): string =>
  [family ?? '', table, chain, rule].join(' ');

/** How a decider is recorded. */
export function stoodFrom(decider: Exclude<Decider, { by: 'kernel' }>): Omit<StoodRule, 'ways'> {
  const { table, chain, family } = decider;
  switch (decider.by) {
    case 'rule':
      return { family, table, chain, rule: decider.rule.text };
    case 'policy':
      return { family, table, chain, rule: '' };
    case 'native':
      return { table, chain, rule: decider.rule.replaceAll(/\bcounter packets \d+ bytes \d+/g, 'counter') };
  }
}

/** Of each way the rules that stood: a key of {@link stoodKey} behind a kind of way. */
export const stoodWays = (stood: readonly StoodRule[]): ReadonlySet<string> =>
  new Set(stood.flatMap((one) => one.ways.map((way) => `${way} ${keyOfStood(one)}`)));
