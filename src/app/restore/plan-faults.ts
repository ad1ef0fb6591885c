import { Fault } from '../../fault.ts';

/** The rules are not those that a plan was made for. */
export const changedSince = (path: string): Fault =>
  new Fault('RG_CHANGED', 1, 'not applied: the live rules have changed since the plan was made', {
    hint: `Make and review it again: rulesguard restore --plan-out ${path}`,
  });

/** A plan's file is not what restore makes of these rules. @param difference - where they part */
export const otherPlan = (difference: string): Fault =>
  new Fault('RG_PLAN', 3, 'the plan is not used: it is not the plan that restore makes of these rules', {
    details: [difference],
    hint: 'Make and review it again: rulesguard restore --plan-out FILE',
  });

/** Part of a plan was refused, or did something else. */
export const incompletely = (trouble: string): Fault =>
  new Fault('RG_NOT_REPAIRED', 1, 'the plan could not be applied completely', {
    details: [trouble],
    hint: 'See what is there now (rulesguard check), then make the plan again: rulesguard restore --plan-out FILE',
  });
