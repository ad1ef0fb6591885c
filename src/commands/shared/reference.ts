import {
  BY_BOTH,
  openReference as openReferenceIn,
  type ReferenceArgs,
} from '../../app/observe/open-reference.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { realBaselines } from '../../app/real-baselines.ts';
import type { Context } from '../context.ts';

export { BY_BOTH };

/** The baseline to compare with, from the state folder. */
export const openReference = (args: ReferenceArgs, { stateDir }: Context): Promise<Reference> =>
  openReferenceIn(args, realBaselines(stateDir));
