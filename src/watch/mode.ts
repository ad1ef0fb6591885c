import type { NotedEffect } from './event.ts';
import type { LookFound } from './schedule.ts';

/** What watch does about damage of one kind. */
export type WatchAction = 'report' | 'repair';

/** What watch does about damage: the same about all, or by severity. What is neither an exposure nor an outage counts as an outage. */
export type WatchMode = WatchAction | { readonly exposure: WatchAction; readonly outage: WatchAction };

/** A mode by severity that is the same for both is that mode. */
export const simplest = (mode: WatchMode): WatchMode =>
  typeof mode !== 'string' && mode.exposure === mode.outage ? mode.exposure : mode;

/** Whether an effect is one that sets off a repair: what it brings back then is all of Docker's that is lost. */
export function isRepaired(mode: WatchMode, { effect, repairable }: NotedEffect): boolean {
  return repairable && actionOn(mode, effect === 'exposure' ? effect : 'outage') === 'repair';
}

/** What a look found, as far as the schedule asks. */
export function lostIn(mode: WatchMode, effects: readonly NotedEffect[]): LookFound {
  const lost = effects.filter((one) => isRepaired(mode, one));
  return lost.length === 0 ? undefined : { exposure: lost.some(({ effect }) => effect === 'exposure') };
}

/** What watch does about damage of a severity. */
export const actionOn = (mode: WatchMode, severity: 'exposure' | 'outage'): WatchAction =>
  typeof mode === 'string' ? mode : mode[severity];

/** `repair`; `repair exposures, report outages`. */
export const modeSays = (mode: WatchMode): string =>
  typeof mode === 'string' ? mode : `${mode.exposure} exposures, ${mode.outage} outages`;
