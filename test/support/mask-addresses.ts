import { makeMask } from '../../src/report/mask/mask.ts';

/** One text with its addresses masked. */
export const maskAddresses = (text: string, names: readonly string[] = []): string =>
  makeMask([text], names).text(text);
