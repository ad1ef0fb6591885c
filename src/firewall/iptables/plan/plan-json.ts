import { FAMILIES, type Family } from '../../../net/family.ts';
import { makeRule } from '../text/model.ts';
import type { RestoreInput, Step } from '../text/restore-input.ts';
import type { LeftOut } from './edit.ts';
import type { Plan } from './plan.ts';

/** A rule as JSON keeps it. */
export interface StoredRule {
  readonly text: string;
  readonly counters: string;
}

type StoredStep = Step extends infer S
  ? S extends { readonly rule: unknown }
    ? Omit<S, 'rule'> & { readonly rule: StoredRule }
    : S
  : never;

/** A plan as JSON keeps it: rules as text and counters alone. */
export interface StoredPlan {
  readonly families: Readonly<
    Record<
      Family,
      { readonly tables: readonly { readonly table: string; readonly steps: readonly StoredStep[] }[] }
    >
  >;
  readonly leftOut: readonly LeftOut[];
}

/** What is written of a plan. */
export function storePlan(plan: Plan): StoredPlan {
  const store = (step: Step): StoredStep =>
    'rule' in step ? { ...step, rule: { text: step.rule.text, counters: step.rule.counters } } : step;
  return {
    families: perFamily((family) => ({
      tables: plan.families[family].tables.map(({ table, steps }) => ({ table, steps: steps.map(store) })),
    })),
    leftOut: plan.leftOut,
  };
}

/** The plan that was written. */
export function loadPlan(stored: StoredPlan): Plan {
  const load = (step: StoredStep): Step =>
    'rule' in step ? { ...step, rule: makeRule(step.rule.text, step.rule.counters) } : step;
  const families = perFamily((family): RestoreInput => ({
    tables: stored.families[family].tables.map(({ table, steps }) => ({ table, steps: steps.map(load) })),
  }));
  return { families, leftOut: stored.leftOut };
}

const perFamily = <T>(make: (family: Family) => T): Record<Family, T> =>
  Object.fromEntries(FAMILIES.map((family) => [family, make(family)])) as Record<Family, T>;
