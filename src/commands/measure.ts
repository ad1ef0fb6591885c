import { Fault } from '../fault.ts';
import { countDockers } from '../guard/desired.ts';
import { isDamage } from '../guard/finding.ts';
import type { CheckHead } from '../report/check-text.ts';
import type { Look, Measure, Source } from '../system/look.ts';
import { openBaseline } from '../system/store.ts';
import type { Context } from './context.ts';
import { noteOtherTools } from './note-tools.ts';

/** How the options of check and restore say what to measure by. */
export interface MeasureArgs {
  readonly baseline: string | undefined;
  readonly source: Source;
}

/** By all that is known: the newest baseline, if there is one, and the Engine. */
export const BY_BOTH: MeasureArgs = { baseline: undefined, source: 'both' };

/**
 * The baseline to measure by, if there is one. Without one the Engine's word will do; a baseline asked for by name must be
 * there.
 *
 * @throws Fault RG_NO_BASELINE, RG_BASELINE or RG_UNSAFE_FILE
 */
export async function openMeasure(
  { baseline, source }: MeasureArgs,
  { stateDir }: Context,
): Promise<Measure> {
  if (source === 'engine') return { source, stored: undefined };
  try {
    return { source, stored: await openBaseline(stateDir, baseline) };
  } catch (error) {
    if (!(error instanceof Fault) || source === 'baseline' || baseline !== undefined) throw error;
    return { source, stored: undefined, noBaseline: error };
  }
}

/** Says what the verdict rests on, where it rests on less than it could. */
export function noteGrounds(
  { stored, noBaseline }: Measure,
  { live, word, findings }: Look,
  context: Context,
): void {
  if (noBaseline !== undefined && noBaseline.code !== 'RG_NO_BASELINE')
    context.log.warn(`note: ${noBaseline.message}; going by the Engine alone`);
  const isDamaged = findings.some(isDamage);
  if (isDamaged && stored !== undefined) noteOtherTools(stored, live, context);
  if (word.answered || (word.fault.code === 'RG_ENGINE_ABSENT' && !isDamaged)) return;
  const { message, hint } = word.fault;
  context.log.warn(
    `note: ${message}; going by the baseline alone${hint === undefined ? '' : `\n  → ${hint}`}`,
  );
}

/** What a verdict is told with. */
export function headOf({ stored }: Measure, { live, word, sides }: Look): CheckHead {
  return {
    baseline: stored && {
      id: stored.id,
      ageSeconds: (Date.now() - Date.parse(stored.baseline.created)) / 1000,
    },
    engine: word.answered ? word.inventory.version : undefined,
    backend: live.backend,
    rules: countDockers(sides.base),
  };
}
