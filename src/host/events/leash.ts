import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { COMMAND_ENV } from '../command/command.ts';
import { which } from '../command/which.ts';

/**
 * A command line that ends with this process, also when this one is killed: a monitor that only prints would otherwise notice at the next
 * change. util-linux's setpriv asks the kernel for it; busybox's cannot, and where there is none the command line stays as it is.
 */
export async function leashed(
  words: readonly [string, ...string[]],
): Promise<readonly [string, ...string[]]> {
  const setpriv = await which('setpriv', COMMAND_ENV.PATH);
  if (setpriv === undefined) return words;
  const program = basename(await realpath(setpriv).catch(() => ''));
  return program === 'setpriv' ? [setpriv, '--pdeathsig', 'KILL', ...words] : words;
}
