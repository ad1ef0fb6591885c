import type { Plan } from '../guard/plan.ts';
import { FAMILIES } from '../iptables/model.ts';
import { proveApplicable, type ApplyOptions, type Stage } from './apply.ts';

/**
 * What of the plans of one repair has been rehearsed. A rehearsal takes a fifth of a second, and beside a busy dockerd the
 * rules have changed when it is over: a plan made anew from them is nearly the same one. What only the real tool can
 * say, whether it takes these rules and saves them as they were written, has been said then; where each goes, the
 * simulation knows as well (docs/decisions/003).
 */
export class Proof {
  private readonly rehearsed = new Set<string>();

  /** Whether each of a plan's steps, wherever in its chain, was part of a plan that was rehearsed. */
  covers(plan: Plan): boolean {
    return stepsOf(plan).every((step) => this.rehearsed.has(step));
  }

  /** Simulates a plan, and rehearses it unless that has been done. @throws Fault as {@link proveApplicable} */
  async prove(plan: Plan, stage: Stage, options: ApplyOptions): Promise<void> {
    const rehearse = options.rehearse && !this.covers(plan);
    await proveApplicable(plan, stage, { ...options, rehearse });
    for (const step of stepsOf(plan)) this.rehearsed.add(step);
  }
}

const stepsOf = (plan: Plan): readonly string[] =>
  FAMILIES.flatMap((family) =>
    plan.families[family].tables.flatMap(({ table, steps }) =>
      steps.map((step) => {
        const what = 'rule' in step ? `${step.op === 'delete' ? 'take' : 'put'} ${step.rule.text}` : step.op;
        return `${family} ${table} ${step.chain} ${what}`;
      }),
    ),
  );
