import { pluginLine, type PluginExit } from '../plugin-line.ts';
import { count } from '../text.ts';
import { severityCounts } from './json.ts';
import { effectWords } from './words.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import type { HostVerdict } from '../../reconcile/verdict/verdict.ts';

/** A monitoring plugin's output. */
export interface PluginOutput {
  readonly line: string;
  readonly exit: PluginExit;
}

/**
 * A check as a monitoring plugin prints it: the worst effect first, perfdata behind the bar, in cells of the table of reachability where
 * packets were followed.
 *
 * @param rules - how many of Docker's rules should be there
 * @param unsettled - what is critical beside the rules: a change that should have been rolled back
 */
export function checkNagios(verdict: HostVerdict, rules: number, unsettled?: string): PluginOutput {
  const { effects, accepted, cells } = verdict;
  const counts = severityCounts(effects);
  const isCritical = counts.exposure + counts.outage > 0 || unsettled !== undefined;
  const isWarning = counts.notice > 0 || verdict.state === 'damaged';
  const exit = isCritical ? 2 : isWarning ? 1 : counts.unknown > 0 ? 3 : 0;
  const text = [
    ...(unsettled === undefined ? [] : [unsettled]),
    worstWords(effects, rules),
    ...(accepted.length === 0 ? [] : [`${count(accepted.length, 'finding')} accepted`]),
  ].join('; ');
  // What no cell asks about counts as one.
  const beside = (which: CheckEffect['effect']): number =>
    effects.filter(({ effect, cells: number }) => effect === which && number === 0).length;
  const perfdata = [
    `exposure=${String((cells?.opened ?? 0) + beside('exposure'))};;0;0`,
    `outage=${String((cells?.lost ?? 0) + beside('outage'))};;0;0`,
    `degraded=${String(cells?.degraded ?? 0)};;0;0`,
    `unknown=${String((cells?.unknown ?? 0) + beside('unknown'))};;;0`,
    `notice=${String(counts.notice)};0;;0`,
    `accepted=${String(cells?.accepted ?? accepted.length)};;;0`,
    `ways=${String(cells?.promised ?? 0)};;;0`,
    `rules=${String(rules)};;;0`,
  ].join(' ');
  return { line: `${pluginLine(exit, text)} | ${perfdata}`, exit };
}

function worstWords([worst, ...others]: readonly CheckEffect[], rules: number): string {
  if (worst === undefined) return `all ${count(rules, 'rule')} of Docker's are in place`;
  const more = others.length === 0 ? '' : ` (and ${count(others.length, 'more effect')})`;
  return `${effectWords(worst).headline}${more}`;
}
