import { Fault } from '../../fault.ts';
import type { Pending } from '../../host/pending/read.ts';
import type { Unsettled } from './overdue.ts';
import type { RolledBack, Trying } from './rollback.ts';

/** What a command does about changes that should have been rolled back: it finishes that first, or reports, or neither. */
export type Attitude = 'finish' | 'report' | 'ignore';

/** A command line, as far as it decides about that. */
export interface Asked {
  readonly verb: string;
  readonly action?: unknown;
  readonly dryRun?: unknown;
  readonly planOut?: unknown;
  readonly print?: unknown;
  readonly scheduled?: unknown;
}

/** What is switched off in the environment or the configuration. */
export interface Switches {
  /** RULESGUARD_HOOKS=off. */
  readonly hooksOff: boolean;
  /** Automatic writes: nobody typed a hook or a scheduled command, so it writes nothing then. */
  readonly automaticOff: boolean;
}

/**
 * What a command does: one that changes rules or records them finishes what is overdue, one that reads reports. `hook
 * post` comes after a change that was just made, which rolling back would take along; `hook pre` comes before it.
 */
export function attitudeOf(
  { verb, action, dryRun, planOut, print, scheduled }: Asked,
  { hooksOff, automaticOff }: Switches,
): Attitude {
  switch (verb) {
    case 'run':
      return dryRun === true ? 'report' : 'finish';
    case 'restore':
      if (dryRun === true || print === true || planOut !== undefined) return 'report';
      return scheduled === true && automaticOff ? 'report' : 'finish';
    case 'snapshot':
      return scheduled === true && automaticOff ? 'report' : 'finish';
    case 'confirm':
      return 'finish';
    case 'hook':
      if (action !== 'pre' && action !== 'post') return 'report';
      if (hooksOff) return 'ignore';
      return action === 'pre' && !automaticOff ? 'finish' : 'report';
    case 'rollback':
    case 'demo':
      return 'ignore';
    default:
      return 'report';
  }
}

/** Commands that would build on a change that could not be rolled back: they are not run then. */
const BUILDS: ReadonlySet<string> = new Set(['run', 'confirm', 'snapshot']);

/** What came of an overdue change. */
export type OverdueEvent =
  | { readonly kind: 'rolled-back'; readonly pending: Pending }
  | { readonly kind: 'not-rolled-back'; readonly pending: Pending; readonly says: string }
  /** It is left as it is, and reported. */
  | { readonly kind: 'left'; readonly unsettled: Unsettled };

/** What settling uses of the world. */
export interface OverduePort {
  readonly readUnsettled: (grace: 'with-grace' | 'at-once') => Promise<readonly Unsettled[]>;
  readonly rollBack: (id: string, trying: Trying) => Promise<RolledBack>;
  readonly emit: (event: OverdueEvent) => void;
}

/**
 * Before a command: rolls back or reports changes that nobody confirmed in time.
 *
 * @throws Fault RG_PENDING when the command would build on a change that could not be rolled back
 */
export async function settleOverdue(
  { verb }: Pick<Asked, 'verb'>,
  attitude: Exclude<Attitude, 'ignore'>,
  { readUnsettled, rollBack, emit }: OverduePort,
): Promise<void> {
  const all = await readUnsettled(attitude === 'finish' ? 'at-once' : 'with-grace').catch(
    (error: unknown): readonly Unsettled[] => {
      if (error instanceof Fault) return [{ kind: 'damaged', fault: error }];
      throw error;
    },
  );
  for (const one of all) {
    if (one.kind !== 'due' || attitude === 'report') {
      emit({ kind: 'left', unsettled: one });
      continue;
    }
    const { pending } = one;
    const { outcome, pending: now } = await rollBack(pending.id, { tries: 3 });
    const says = now?.change.says ?? '';
    if (outcome === 'rolled-back') emit({ kind: 'rolled-back', pending });
    else if (outcome === 'failed' && BUILDS.has(verb)) throw cannotBuild(pending, says);
    else if (outcome === 'failed') emit({ kind: 'not-rolled-back', pending, says });
  }
}

function cannotBuild({ id, change }: Pending, says: string): Fault {
  return new Fault(
    'RG_PENDING',
    1,
    'an unconfirmed change is overdue and could not be rolled back, so nothing was done',
    { details: [change.what, says], hint: `Try again: rulesguard rollback ${id}` },
  );
}
