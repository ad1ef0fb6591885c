import { Fault } from '../../fault.ts';
import type { Reference, ReferenceSource } from '../../reconcile/reference.ts';
import type { Baselines } from '../ports.ts';

/** What a person asked the rules to be compared with. */
export interface ReferenceArgs {
  /** An id or a path; the newest by default. */
  readonly baseline: string | undefined;
  readonly source: ReferenceSource;
  readonly trustBaseline?: boolean | undefined;
}

/** All that is known: the newest baseline, if there is one, and the Engine. */
export const BY_BOTH: ReferenceArgs = { baseline: undefined, source: 'both' };

/**
 * The baseline to compare with, if there is one. Without one the Engine's reply will do; a baseline asked for by name must be
 * there.
 *
 * @throws Fault RG_NO_BASELINE, RG_BASELINE, RG_DECLARED or RG_UNSAFE_FILE
 */
export async function openReference(
  { baseline, source, trustBaseline }: ReferenceArgs,
  { open, readDeclared, lastTablesRepair }: Pick<Baselines, 'open' | 'readDeclared' | 'lastTablesRepair'>,
): Promise<Reference> {
  const [declared, repaired] = await Promise.all([readDeclared(), lastTablesRepair?.()]);
  if (source === 'engine' || source === 'declared') return { source, stored: undefined, declared, repaired };
  try {
    return { source, stored: await open(baseline), declared, trusting: trustBaseline === true, repaired };
  } catch (error) {
    if (!(error instanceof Fault) || source === 'baseline' || baseline !== undefined) throw error;
    return { source, stored: undefined, declared, noBaseline: error, repaired };
  }
}
