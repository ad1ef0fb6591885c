import { access, constants, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variant } from '../../firewall/iptables/text/model.ts';

/**
 * The file that typing a program's name would start, as a shell finds it.
 *
 * @param program - a name, or a path if it holds a slash
 * @param path - the value of PATH
 * @returns undefined when there is none
 */
export async function which(program: string, path = process.env['PATH'] ?? ''): Promise<string | undefined> {
  const candidates = program.includes('/')
    ? [program]
    : path.split(':').map((folder) => join(folder === '' ? '.' : folder, program));
  for (const candidate of candidates) {
    const isThere = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return candidate;
  }
  return undefined;
}

/** The one program behind all of iptables' names, by variant (iptables 1.8: every name is a link to it). */
const MULTI: Readonly<Record<string, Variant>> = {
  'xtables-nft-multi': 'nft',
  'xtables-legacy-multi': 'legacy',
};

/**
 * The variant a program uses, if it is iptables itself: a wrapper of the same name may do anything.
 *
 * @param program - a name or a path, as typed
 */
export async function xtablesVariant(program: string): Promise<Variant | undefined> {
  const found = await which(program);
  if (found === undefined) return undefined;
  const real = await realpath(found).catch(() => found);
  return MULTI[real.slice(real.lastIndexOf('/') + 1)];
}
