import { countDockers } from '../../firewall/iptables/desired/desired.ts';
import { isBreaking, type Impact } from '../../reconcile/impact.ts';
import type { ChangeContext, Forecast } from './change.ts';

/** What a forecast comes to. */
export type ForecastVerdict =
  | { readonly verdict: 'safe' | 'would-break'; readonly impact: Impact }
  | {
      readonly verdict: 'unknown';
      /** In one sentence. */
      readonly reason: string;
      readonly details: readonly string[];
      /** `change`: the change itself cannot be predicted; `rules`: there is nothing to judge it by. */
      readonly lacks: 'change' | 'rules';
    };

/**
 * Judges a forecast. What is known to break Docker's rules does so, whatever else is unknown. Where no rule of Docker's is
 * in force and no Engine says what there should be, a change breaks nothing that is there, and is not safe for that.
 */
export function verdictOf(forecast: Forecast, { before, engine }: ChangeContext): ForecastVerdict {
  const { impact } = forecast;
  if (impact !== undefined && isBreaking(impact)) return { verdict: 'would-break', impact };
  if (!forecast.known)
    return { verdict: 'unknown', lacks: 'change', reason: forecast.reason, details: forecast.details };
  if (!engine.answered && countDockers(before) === 0)
    return {
      verdict: 'unknown',
      lacks: 'rules',
      reason: 'none of them is in force, and no Engine says which there should be',
      details: [engine.fault.message],
    };
  return { verdict: 'safe', impact: forecast.impact };
}
