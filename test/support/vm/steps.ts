import { expect } from 'vitest';
import type { Step } from './host.ts';

/** What the steps of a script came to, as tests ask for it. */
export interface Steps {
  readonly step: (name: string) => Step;
  /** Expects a step to have ended so, and to have said so. */
  readonly came: (name: string, code: number, said?: string | RegExp) => void;
}

/** @param steps - asked anew each time: a hook fills it */
export function stepsOf(steps: () => ReadonlyMap<string, Step>): Steps {
  const step = (name: string): Step => steps().get(name) ?? { code: NaN, said: 'not reached' };
  return {
    step,
    came: (name, code, said = '') => {
      const wanted =
        typeof said === 'string'
          ? (expect.stringContaining(said) as string)
          : (expect.stringMatching(said) as string);
      expect({ name, ...step(name) }).toEqual({ name, code, said: wanted });
    },
  };
}
