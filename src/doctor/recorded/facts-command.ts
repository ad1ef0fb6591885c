import { sh } from '../../shell.ts';

/**
 * The command that makes a file of facts, to be typed on the host whose facts are wanted.
 *
 * @param named - what is to be read in depth there: a container, or a port as `ADDRESS:PORT/PROTOCOL`; '' for nothing in particular
 */
export const factsCommand = (named = ''): string =>
  `sudo rulesguard doctor --facts${named === '' ? '' : sh` ${named}`} > facts.json`;
