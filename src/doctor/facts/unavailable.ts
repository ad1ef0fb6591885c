import { Fault } from '../../fault.ts';
import type { Unavailable, Unseen, UnseenPart } from './facts.ts';

/**
 * What a source gave, or why it could not be read.
 *
 * @throws Fault RG_PRIVILEGE: without root nothing can be read
 */
export async function orUnavailable<Value extends object>(
  reading: Promise<Value>,
): Promise<Value | Unavailable> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'RG_PRIVILEGE') throw error;
    return unavailableBy(error);
  }
}

/** A fault as a value. */
export const unavailableBy = ({ message, code, hint }: Fault): Unavailable => ({
  unavailable: message,
  code,
  ...(hint === undefined ? {} : { hint }),
});

/** The list of one part of the facts that could not be read. */
export const unseen = (what: UnseenPart, why: Unavailable): readonly Unseen[] => [{ what, ...why }];
