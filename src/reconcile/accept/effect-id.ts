import { shortDigest } from './covers.ts';

const DIGITS = 6;

/** A name for an effect that is short enough to type: the same whenever it consists of the same cells and rules. */
export const effectId = (covers: readonly string[]): string =>
  shortDigest([...new Set(covers)].sort(), DIGITS);
