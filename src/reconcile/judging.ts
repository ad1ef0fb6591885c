import { isEmptyPlan } from '../firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../firewall/iptables/plan/simulate-plan.ts';
import type { Live } from '../firewall/iptables/text/live.ts';
import type { JudgingBasis } from '../reach/judge/judge.ts';
import type { StoodRule } from '../reach/judge/foreign.ts';
import { whoseBy, type LeftTables, type Owners } from '../reach/judge/whose.ts';
import type { Observation } from './observation.ts';
import { isOwnBaseline, type Reference } from './reference.ts';
import { planFor } from './repair-plan.ts';
import { tableName } from '../firewall/nftables/tables/print.ts';
import { declaredStood } from './tables/declared-stood.ts';
import { foreignIn, repairedNatives } from './tables/repaired-natives.ts';

/** The rules as a restore would leave them, a closed policy included; undefined where it has nothing to do. */
function repairedRules(observation: Observation): Pick<Live, 'variant' | 'rules'> | undefined {
  const plan = planFor(observation, { policies: 'restore', assumeUnchanged: false });
  const { variant, rules } = observation.live;
  return isEmptyPlan(plan) ? undefined : { variant, rules: simulatePlan(plan, rules).rules };
}

/**
 * What judging a table of reachability takes, from an observation of the same rules.
 *
 * @param rulesets - of the terrain: every variant that holds rules
 * @param stood - what is the operator's own, see {@link stoodIn}
 */
export function judgingBasis(
  observation: Observation,
  rulesets: Owners['rulesets'],
  stood: readonly StoodRule[],
): JudgingBasis {
  const leftTables = leftTablesOf(observation);
  if (observation.tables !== undefined) {
    const isForeignInTables = foreignIn(observation.tables);
    return {
      repaired: undefined,
      repairedNatives: repairedNatives(observation.tables),
      whose: whoseBy({ owned: [], rulesets, stood, isForeignInTables, leftTables }),
    };
  }
  const { liveOwned, desired } = observation.sides;
  const repaired = repairedRules(observation);
  const all = repaired === undefined ? rulesets : [...rulesets, repaired];
  return { repaired, whose: whoseBy({ owned: [liveOwned, desired], rulesets: all, stood, leftTables }) };
}

/** Tables of Docker's names that the Engine which answered does not write, and whether another one may; undefined for none. */
export function leftTablesOf({
  live: { leftTables = [] },
  engine,
  tables,
}: Pick<Observation, 'live' | 'engine' | 'tables'>): LeftTables | undefined {
  const names = (tables?.left ?? leftTables).map(tableName);
  return engine.answered && names.length > 0 ? { names, isAlone: engine.daemons.count === 1 } : undefined;
}

/**
 * Why packets say nothing about a comparison: it was asked to leave out what the Engine means, or rules of Docker's are missing that a
 * baseline accepts. Undefined where they do.
 */
export function leftToText({ source, stored }: Reference): string | undefined {
  if (source === 'baseline') return 'the baseline alone was asked for';
  return (stored?.baseline.accepted ?? []).length > 0
    ? "the baseline accepts that rules of Docker's are missing"
    : undefined;
}

/**
 * What of others stood in the newest baseline, and the rules of declared tables. Only a baseline that was recorded on this host says whose a
 * rule is.
 */
export const stoodIn = (reference: Reference): readonly StoodRule[] =>
  reference.stood ?? [
    ...(isOwnBaseline(reference) ? (reference.stored?.baseline.stood ?? []) : []),
    ...declaredStood(reference.declared?.tables),
  ];
