import { countBefore } from './context.ts';
import type { Finding } from '../../reconcile/finding.ts';
import { mayConcernContainers } from '../../reach/change/without-table.ts';
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
export function verdictOf(forecast: Forecast, context: ChangeContext): ForecastVerdict {
  const { engine } = context;
  const { impact, reach } = forecast;
  if (impact !== undefined && doesBreak(impact, reach)) return { verdict: 'would-break', impact, reach };
  if (!forecast.known)
    return { verdict: 'unknown', lacks: 'change', reason: forecast.reason, details: forecast.details };
  if (!engine.answered && countBefore(context) === 0)
    return {
      verdict: 'unknown',
      lacks: 'rules',
      reason: 'none of them is in force, and no Engine says which there should be',
      details: [engine.fault.message],
    };
  const unseen = reach === undefined ? unjudged(forecast, context) : notFollowed(reach);
  const lacking = unseen ?? notJudged(forecast, context);
  if (lacking !== undefined) return { verdict: 'unknown', lacks: 'sight', ...lacking };
  return { verdict: 'safe', impact: forecast.impact, reach };
}

/** What the Engine has and nobody judges here, where a change may concern it. */
function notJudged(
  { rules, reach }: Extract<Forecast, { known: true }>,
  { live, engine }: ChangeContext,
): { readonly reason: string; readonly details: readonly string[] } | undefined {
  const { setAside = [] } = engine.answered ? engine.inventory : {};
  const isConcerned =
    mayConcernContainers(live.rules, rules).length > 0 || (reach !== undefined && reach.beside.length > 0);
  return setAside.length === 0 || !isConcerned
    ? undefined
    : {
        reason: 'it may concern what is not judged here',
        details: setAside.map(({ what, why }) => `${what}: ${why}`).slice(0, FEW),
      };
}

/** Whether a change breaks something: a way gets worse, or Docker's rules are lost. */
export const doesBreak = (impact: Impact, reach: ReachForecast | undefined): boolean =>
  reach === undefined ? isBreaking(impact) : reach.change.worse.length > 0 || impact.findings.some(isLoss);

/** Whether a finding is a loss: a second copy of a rule is none. */
export const isLoss = ({ kind }: Finding): boolean => kind !== 'duplicate';

/** Why nothing says what a change does to containers where there is no table of ways; undefined where it concerns none of them. */
function unjudged(
  { rules, impact: { shadows } }: Extract<Forecast, { known: true }>,
  { live, engine }: ChangeContext,
): { readonly reason: string; readonly details: readonly string[] } | undefined {
  const ofOther = shadows.flatMap(({ variant, rule }) =>
    variant === undefined ? [] : [`iptables-${variant}: ${rule}`],
  );
  const lines = [...mayConcernContainers(live.rules, rules), ...ofOther];
  if (lines.length === 0) return undefined;
  const why = engine.answered
    ? 'it is not known what Docker means to be reached here'
    : 'no Engine says who should reach what';
  return {
    reason: `it changes rules that packets of containers meet, and ${why}`,
    details: lines.slice(0, FEW),
  };
}

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
  if (change.unasked > 0)
    return {
      reason: `its rules name ${String(change.unasked)} ports more than are asked`,
      details: [],
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
