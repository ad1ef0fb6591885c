import type { Unseen, Untold } from '../../doctor/facts.ts';
import { Fault } from '../../fault.ts';

/**
 * What something told, or why it could not be looked at.
 *
 * @throws Fault RG_PRIVILEGE: who is not root can look at nothing
 */
export async function orUntold<Told extends object>(looking: Promise<Told>): Promise<Told | Untold> {
  try {
    return await looking;
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'RG_PRIVILEGE') throw error;
    return untoldBy(error);
  }
}

/** A fault as a value. */
export const untoldBy = ({ message, code, hint }: Fault): Untold => ({
  untold: message,
  code,
  ...(hint === undefined ? {} : { hint }),
});

/** The list of one part of the facts that could not be looked at. */
export const unseen = (what: string, why: Untold): readonly Unseen[] => [{ what, ...why }];
