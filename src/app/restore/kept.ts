import { Fault } from '../../fault.ts';

/** A fault that ended a repair when some of it was done: what was repaired stays, for what is gone is worse. @param steps - of those done */
export const afterwards = (fault: Fault, steps: number): Fault =>
  new Fault(fault.code, fault.exit, fault.message, {
    details: [
      ...fault.details,
      `What had been repaired until then stays (${String(steps)} ${steps === 1 ? 'step' : 'steps'}), but it was not compared again: the next restore does that.`,
    ],
    cause: fault,
    hint: fault.hint ?? 'Try again: rulesguard restore. Or undo it: rulesguard restore --undo',
  });
