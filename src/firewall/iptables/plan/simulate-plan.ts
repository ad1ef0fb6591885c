import type { HostRules } from '../text/model.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import type { Plan } from './plan.ts';
import { simulate, type Refusal } from '../simulate/simulate.ts';

/** Both families after a plan, and what the kernel would refuse of it. */
export interface PlanSimulation {
  readonly rules: HostRules;
  readonly refusals: readonly (Refusal & { readonly family: Family })[];
}

/** What a plan would leave behind on a host, both families. */
export function simulatePlan(plan: Plan, live: HostRules): PlanSimulation {
  const ipv4 = simulate(live.ipv4, plan.families.ipv4);
  const ipv6 = simulate(live.ipv6, plan.families.ipv6);
  const outcomes = { ipv4, ipv6 };
  return {
    rules: { ipv4: ipv4.ruleset, ipv6: ipv6.ruleset },
    refusals: FAMILIES.flatMap((family) => {
      const { refusal } = outcomes[family];
      return refusal === undefined ? [] : [{ family, ...refusal }];
    }),
  };
}
