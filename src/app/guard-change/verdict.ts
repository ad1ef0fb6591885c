import { countDockers } from '../../firewall/iptables/desired/desired.ts';
import { isBreaking, type Impact } from '../../reconcile/impact.ts';
import type { Cell } from '../../reach/cell.ts';
import type { ChangeContext, Forecast, ReachForecast } from './change.ts';

/** What a forecast comes to. */
export type ForecastVerdict =
  | {
      readonly verdict: 'safe' | 'would-break';
      readonly impact: Impact;
      /** Undefined where there was nothing to judge packets by: the rules alone decided. */
      readonly reach: ReachForecast | undefined;
    }
  | {
      readonly verdict: 'unknown';
      /** In one sentence. */
      readonly reason: string;
      readonly details: readonly string[];
      /** `change`: the change itself cannot be predicted; `sight`: what packets do after it; `rules`: there is nothing to judge it by. */
      readonly lacks: 'change' | 'sight' | 'rules';
    };

/**
 * Judges a forecast: by packets, where it is known who should reach what, else by Docker's rules alone. What is known to break something does
 * so, whatever else is unknown. Rules of Docker's that are lost without any way that changes break it too: the next container, or network,
 * relies on them. Where no rule of Docker's is in force and no Engine says what there should be, a change breaks nothing that is there, and
 * is not safe for that.
 */
export function verdictOf(forecast: Forecast, { before, engine }: ChangeContext): ForecastVerdict {
  const { impact, reach } = forecast;
  if (impact !== undefined && doesBreak(impact, reach)) return { verdict: 'would-break', impact, reach };
  if (!forecast.known)
    return { verdict: 'unknown', lacks: 'change', reason: forecast.reason, details: forecast.details };
  if (!engine.answered && countDockers(before) === 0)
    return {
      verdict: 'unknown',
      lacks: 'rules',
      reason: 'none of them is in force, and no Engine says which there should be',
      details: [engine.fault.message],
    };
  const unseen = reach && notFollowed(reach);
  if (unseen !== undefined) return { verdict: 'unknown', lacks: 'sight', ...unseen };
  return { verdict: 'safe', impact: forecast.impact, reach };
}

/** Whether a change breaks something: a way gets worse, or Docker's rules are lost. A second copy of one of them harms nobody. */
export const doesBreak = (impact: Impact, reach: ReachForecast | undefined): boolean =>
  reach === undefined
    ? isBreaking(impact)
    : reach.change.worse.length > 0 || impact.findings.some(({ kind }) => kind !== 'duplicate');

/** Why it cannot be followed what packets would do; undefined where it can. */
function notFollowed({
  change,
  unjudged,
  blind,
}: ReachForecast): { readonly reason: string; readonly details: readonly string[] } | undefined {
  if (change.unknown.length > 0)
    return {
      reason: `what becomes of ${String(change.unknown.length)} ways cannot be followed afterwards`,
      details: whys(change.unknown.map(({ cell }) => cell)),
    };
  if (unjudged.length > 0) return { reason: 'it changes what is not followed here', details: unjudged };
  return blind === 0
    ? undefined
    : {
        reason: `${String(blind)} ways cannot be followed, before or after, and it may concern them`,
        details: whys(change.stillUnknown),
      };
}

const whys = (cells: readonly Cell[]): readonly string[] => {
  const all = cells.flatMap(({ is }) => {
    if (is.is !== 'unknown' || is.end.at !== 'unknown') return [];
    return [is.end.rule === undefined ? is.end.why : `${is.end.why}: ${is.end.rule.text}`];
  });
  return [...new Set(all)].slice(0, FEW);
};

/** Reasons on one screen. */
const FEW = 5;
