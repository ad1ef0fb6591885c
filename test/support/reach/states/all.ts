import { dice } from '../../trace/dice.ts';
import { STATES_OF_KERNEL } from './kernel.ts';
import { STATES_OF_NAT } from './nat.ts';
import { STATES_OF_NATIVES } from './natives.ts';
import { STATES_OF_NEIGHBOURS } from './neighbours.ts';
import { randomStates } from './random.ts';
import { STATES_OF_RULES } from './rules.ts';
import type { ReachState } from './state.ts';

/** States made by hand. */
const MADE: readonly ReachState[] = [
  ...STATES_OF_RULES,
  ...STATES_OF_NAT,
  ...STATES_OF_KERNEL,
  ...STATES_OF_NATIVES,
  ...STATES_OF_NEIGHBOURS,
];

/** A test run tries so many of those made by hand, and so many at random. */
const EVERY = 32;
const FEW = 3;

/** States of a test run: some of each kind. */
export const SAMPLE: readonly ReachState[] = [
  ...MADE.filter(({ always }, i) => always === true || i % EVERY === 0),
  ...randomStates(7, FEW),
];

/**
 * States of a campaign: all that are made by hand, and `count` at random, in an order of chance, so that one that is ended early
 * has tried some of each kind.
 *
 * @param isTried - leaves states out
 */
export function campaignStates(
  seed: number,
  count: number,
  isTried: (state: ReachState, index: number) => boolean = () => true,
): readonly ReachState[] {
  const throws = dice(seed);
  return [...MADE, ...randomStates(seed, count)]
    .filter(isTried)
    .map((state) => ({ state, at: throws.below(1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ state }) => state);
}
